import { SimulatedTime } from '@edgeflow/platform/simulated';
import type { Draw } from './draw.ts';
import type { FaultCounts, FaultKind } from './faults.ts';
import { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import type { Weather } from './weather.ts';

/** What every part of one simulated world shares. */
export class World {
  readonly seed: number;
  readonly time: SimulatedTime;
  readonly trace: Trace;
  readonly draw: Draw;
  readonly counts: FaultCounts = {};
  /** How it was when the faults were on, for the report. */
  readonly weather: Weather;
  /** Whether its programs log all that they can. */
  readonly isTalkative: boolean;
  #isHealing = false;
  readonly #real = new Set<Promise<void>>();
  #violation: Violation | undefined;
  /** Checks that have to wait until the event that asked for them has settled. */
  #checks: (() => Promise<void> | void)[] = [];

  constructor(seed: number, draw: Draw, weather: Weather, print: ((line: string) => void) | undefined) {
    this.seed = seed;
    this.draw = draw;
    this.weather = weather;
    this.isTalkative = draw.chance(0.2);
    this.time = new SimulatedTime(startMs);
    this.trace = new Trace(this.time, print);
  }

  get isHealing(): boolean {
    return this.#isHealing;
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.#isHealing = true;
    this.trace.note('world', 'healing');
  }

  /** Whether a fault of this kind happens now. One that does is counted and traced. */
  strikes(kind: FaultKind, who: string, draw: Draw = this.draw): boolean {
    if (!this.#isHealing && draw.chance(this.weather[kind])) {
      this.count(kind, who);
      return true;
    }
    return false;
  }

  count(kind: FaultKind, who: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.trace.note(who, kind);
  }

  /** The first violation is the one that counts. */
  violate(checker: string, what: string): void {
    this.trace.note('VIOLATION', `${checker}: ${what}`);
    this.#violation ??= new Violation(checker, what);
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Work that takes turns of the real event loop: no simulated time passes, and no event happens, until it is done. */
  meanwhile<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#real.add(settled);
    void settled.finally(() => this.#real.delete(settled));
    return work;
  }

  /** Has `check` run before the next event. */
  checkSoon(check: () => Promise<void> | void): void {
    this.#checks.push(check);
  }

  /** The next event and the checks that it asked for. @returns whether the world goes on. */
  async step(): Promise<boolean> {
    while (this.#real.size > 0) {
      await Promise.all(this.#real);
      // Whatever waited for it goes on before time does.
      await this.time.advance(0);
    }
    const hasMoved = await this.time.step();
    while (this.#checks.length > 0) for (const check of this.#checks.splice(0)) await check();
    return hasMoved && this.#violation === undefined;
  }
}

const startMs = Date.parse('2026-03-01T08:00:00Z');
