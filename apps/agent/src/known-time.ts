import { posix } from 'node:path';
import { type Clock, type Files, toRfc3339, writeAtomically } from '@edgeflow/platform';
import * as z from 'zod';
import type { Notice } from './identity/index.ts';
import type { ClockState, CloudTimeSample, TimeKnowledge } from './net/index.ts';
import { releasedMs } from './release-date.ts';

export interface KnownTimeDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly stateFolder: string;
  /** Folder that `/run` is below. */
  readonly root: string;
  /** False for a diagnosis, which changes nothing. */
  readonly isKept?: boolean;
}

const fileName = 'known-time.json';
const fileBytesMax = 4 * 1024;
const fileSchema = z.object({ not_before: z.iso.datetime() });

const dayMs = 24 * 3600 * 1000;
/** How far the floor has to rise before it is written again: a flash card is not worn out for less. */
const keptEveryMs = dayMs;
/**
 * A cloud's word raises the floor only within its certificate's validity, and only this long after the certificate was
 * issued. A cloud whose own clock ran ahead must not leave a device behind that refuses its next certificate, and none
 * that is renewed as it should be is older.
 */
const believedAfterIssueMs = 400 * dayMs;
/**
 * No floor lies further than this beyond the release, whoever says so: a file that was damaged or written by somebody
 * else must not make the device refuse every certificate until then. No device runs one release for longer.
 */
const beyondReleaseMsMax = 30 * 365.25 * dayMs;

/**
 * What the device knows of the time besides its own clock: the newest time that a verified cloud has told, which
 * outlives the process, and how far the clock is off.
 *
 * Invariant: the floor never falls, and lies between the release date and thirty years after it.
 */
export class KnownTime implements TimeKnowledge {
  readonly releasedMs = releasedMs;
  readonly #deps: KnownTimeDeps;
  #floorMs = releasedMs;
  #keptMs = releasedMs;
  #sample: { readonly cloudMs: number; readonly atMonotonicMs: number } | undefined;
  #writing: Promise<void> | undefined;
  #notice: Notice | undefined;

  constructor(deps: KnownTimeDeps) {
    this.#deps = deps;
  }

  /** What an earlier process has learnt. A file that cannot be read, or says what cannot be, counts for nothing. */
  async load(): Promise<void> {
    const { files } = this.#deps;
    try {
      const text = Buffer.from(await files.read(this.#path, fileBytesMax)).toString('utf8');
      const keptMs = Date.parse(fileSchema.parse(JSON.parse(text)).not_before);
      if (keptMs > releasedMs + beyondReleaseMsMax) {
        this.#notice = implausible(this.#path, keptMs);
        return;
      }
      this.#keptMs = Math.max(this.#keptMs, keptMs);
      this.#floorMs = Math.max(this.#floorMs, keptMs);
    } catch {
      // None yet, or damaged: the release date is known all the same.
    }
  }

  /** What was wrong with what an earlier process has left, until it has been replaced. */
  get notice(): Notice | undefined {
    return this.#notice;
  }

  get floorMs(): number {
    return this.#floorMs;
  }

  /** The device's clock minus the cloud's, in milliseconds; undefined while no cloud has told its time. */
  get skewMs(): number | undefined {
    if (this.#sample === undefined) return undefined;
    const { clock } = this.#deps;
    const { cloudMs, atMonotonicMs } = this.#sample;
    return clock.now() - (cloudMs + clock.monotonic() - atMonotonicMs);
  }

  /**
   * systemd-timesyncd makes the file `synchronized` when it has set the clock (systemd-timesyncd.service(8)); whether
   * systemd runs at all is told by its folder (sd_booted(3)). Other time services leave no trace of that kind: there
   * the clock counts as free.
   */
  async clockState(): Promise<ClockState> {
    const { files, root } = this.#deps;
    const exists = async (path: string): Promise<boolean> =>
      (await files.stat(posix.join(root, path)).catch(() => undefined)) !== undefined;
    if (await exists('run/systemd/timesync/synchronized')) return 'synchronized';
    return (await exists('run/systemd/system')) ? 'free' : 'unknown';
  }

  onCloudTime({ cloudMs, ageMs, certificate }: CloudTimeSample): void {
    if (!Number.isFinite(cloudMs)) return;
    this.#sample = { cloudMs: cloudMs + ageMs, atMonotonicMs: this.#deps.clock.monotonic() };
    if (certificate === undefined) return;
    const untilMs = Math.min(certificate.untilMs, certificate.fromMs + believedAfterIssueMs);
    if (cloudMs < certificate.fromMs || cloudMs > Math.min(untilMs, releasedMs + beyondReleaseMsMax)) return;
    this.#floorMs = Math.max(this.#floorMs, cloudMs);
    if (this.#deps.isKept === false || this.#floorMs < this.#keptMs + keptEveryMs) return;
    this.#writing ??= this.#keep();
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  get #path(): string {
    return posix.join(this.#deps.stateFolder, fileName);
  }

  /** A disk that takes nothing is reported by what matters more; the floor is then only not remembered. */
  async #keep(): Promise<void> {
    const floorMs = this.#floorMs;
    const document = JSON.stringify({ not_before: toRfc3339(floorMs) });
    try {
      await writeAtomically(this.#deps.files, this.#path, Buffer.from(document), 0o600);
      this.#keptMs = floorMs;
      this.#notice = undefined;
    } catch {
      // The next word of the cloud tries again.
    } finally {
      this.#writing = undefined;
    }
  }
}

function implausible(path: string, keptMs: number): Notice {
  return {
    code: 'known_time_implausible',
    detail: `${path} says that it is at least ${toRfc3339(keptMs)}, decades after this program was made (${toRfc3339(releasedMs)}): it is not believed.`,
    nextStep:
      'Nothing, if it was an accident: the file is replaced when the cloud next tells the time. If this comes back, find out what else writes into the state folder.',
  };
}
