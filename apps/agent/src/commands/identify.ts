import type { Files, TimerHandle, Timers } from '@edgeflow/platform';
import type { Log } from '../log-port.ts';

/** How long the light blinks after the last request. */
export const identifySeconds = 15;
const ledsFolder = '/sys/class/leds';
/** Lights of which boards make nothing that people depend on, most telling first. */
const preferred = [
  /^ACT$/i,
  /^led0$/i,
  /(^|[:-])(status|act|activity|heartbeat|user)\d*$/i,
  /^PWR$/i,
  /^led1$/i,
];
const sourceBytesMax = 4096;
/** sysfs keeps its own permissions. */
const mode = 0o644;

export interface IdentifyDeps {
  readonly files: Files;
  readonly timers: Timers;
  readonly log: Log;
  /** Folder that `/sys` is below: `/` in production. */
  readonly root: string;
}

/** What was done, for whoever asked. A type, not an interface: it travels as JSON. */
export type Identified = {
  /** The light that blinks; null where the board has none that this process may use. */
  led: string | null;
  /** For how long. */
  seconds: number;
};

interface Blinking {
  readonly led: string;
  /** What the light showed before. */
  readonly trigger: string;
  timer: TimerHandle;
}

/**
 * Lets a person find this device: a line in its log, and a blinking light where the board has one. The kernel blinks
 * (leds/leds-class: `trigger`); what the light showed before comes back afterwards.
 *
 * Never fails: a device without a light, or without the right to use it, says so.
 */
export class Identify {
  readonly #deps: IdentifyDeps;
  #blinking: Blinking | undefined;
  #starting: Promise<Blinking | undefined> | undefined;

  constructor(deps: IdentifyDeps) {
    this.#deps = deps;
  }

  /** Blinks, or goes on blinking for as long once more. */
  async run(): Promise<Identified> {
    const { log, timers } = this.#deps;
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = undefined;
    });
    const blinking = await this.#starting;
    if (blinking !== undefined) {
      timers.clear(blinking.timer);
      blinking.timer = this.#endLater();
    }
    const led = blinking?.led ?? null;
    const where = led === null ? 'it has no light to blink with' : `its light ${led} blinks`;
    log.info({ led, seconds: identifySeconds }, `somebody is looking for this device; ${where}`);
    return { led, seconds: led === null ? 0 : identifySeconds };
  }

  /** Gives the light back. */
  async stop(): Promise<void> {
    const blinking = this.#blinking;
    if (blinking === undefined) return;
    this.#blinking = undefined;
    this.#deps.timers.clear(blinking.timer);
    await this.#setTrigger(blinking.led, blinking.trigger);
  }

  async #begin(): Promise<Blinking | undefined> {
    if (this.#blinking !== undefined) return this.#blinking;
    for (const led of await this.#leds()) {
      const trigger = await this.#trigger(led);
      if (trigger === undefined || !(await this.#setTrigger(led, 'timer'))) continue;
      this.#blinking = { led, trigger, timer: this.#endLater() };
      return this.#blinking;
    }
    return undefined;
  }

  #endLater(): TimerHandle {
    return this.#deps.timers.after(identifySeconds * 1000, () => void this.stop());
  }

  async #leds(): Promise<string[]> {
    const names = await this.#deps.files.list(this.#path('')).catch(() => []);
    return preferred.flatMap((pattern) => names.filter((name) => pattern.test(name)));
  }

  /** The trigger in use: the one in brackets. */
  async #trigger(led: string): Promise<string | undefined> {
    try {
      const bytes = await this.#deps.files.read(this.#path(`/${led}/trigger`), sourceBytesMax);
      return /\[([^\]]+)\]/.exec(Buffer.from(bytes).toString('utf8'))?.[1];
    } catch {
      return undefined;
    }
  }

  async #setTrigger(led: string, trigger: string): Promise<boolean> {
    try {
      await this.#deps.files.write(this.#path(`/${led}/trigger`), Buffer.from(trigger), mode);
      return true;
    } catch {
      return false;
    }
  }

  #path(rest: string): string {
    return this.#deps.root.replace(/\/+$/, '') + ledsFolder + rest;
  }
}
