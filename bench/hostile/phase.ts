/** A device that is not registered after as long as this is harmed: twice what the agent gives one attempt. */
const patienceMs = 60_000;

/** What the honest say of one second. `retried`, `failures`, `lost` and `refused` are since the start. */
export interface HonestReport {
  readonly beats: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly worst?: number;
  readonly registered: number;
  readonly slowestMs: number;
  /** Devices of which an attempt to register failed. */
  readonly retried: number;
  /** Why attempts failed, and how many did. */
  readonly failures: Readonly<Record<string, number>>;
  /** Registrations under way, and for how long the oldest has been. */
  readonly unfinished: number;
  readonly oldestMs: number;
  readonly lost: number;
  readonly refused: readonly string[];
}

export type HostileReport = readonly {
  readonly name: string;
  readonly open: number;
  readonly opened: number;
  readonly closed: number;
}[];

/** What is seen of the cloud process from outside. */
export interface Sample {
  readonly residentBytes: number;
  readonly openFiles: number;
  /** Connections that it has not accepted yet. */
  readonly queued: number;
  /** NaN when it did not say. */
  readonly loopLagMs: number;
}

/** One stretch of the run, and the most of each thing that was seen in it. */
export class Phase {
  static readonly columns = [
    'phase',
    'memory most MB',
    'at its end MB',
    'open files',
    'event loop p99 ms',
    'in the kernel’s queue',
    'heartbeats',
    'median of p50 ms',
    'worst p99 ms',
    'worst ms',
    'registered',
    'slowest ms',
    'tried again',
    'unfinished at its end',
    'disconnected',
    'refused',
  ];

  readonly #name: string;
  readonly #resident: number[] = [];
  readonly #files: number[] = [];
  readonly #lagsMs: number[] = [];
  readonly #queues: number[] = [];
  readonly #heard: HonestReport[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  sample({ residentBytes, openFiles, queued, loopLagMs }: Sample): void {
    this.#resident.push(residentBytes);
    this.#files.push(openFiles);
    this.#queues.push(queued);
    if (Number.isFinite(loopLagMs)) this.#lagsMs.push(loopLagMs);
  }

  hear(report: HonestReport): void {
    this.#heard.push(report);
  }

  get mostBytes(): number {
    return Math.max(...this.#resident);
  }

  /** The last word of the honest. */
  get last(): HonestReport | undefined {
    return this.#heard.at(-1);
  }

  /** What no honest device should have met. */
  get harm(): string[] {
    const { lost = 0, oldestMs = 0, refused = [] } = this.last ?? {};
    return [
      ...(lost > 0 ? [`${this.#name}: ${String(lost)} tunnels lost`] : []),
      ...(oldestMs > patienceMs
        ? [`${this.#name}: a device is not registered after ${String(oldestMs)} ms`]
        : []),
      ...refused,
    ];
  }

  describe(): string[] {
    const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
    const medians = this.#heard.flatMap(({ p50 }) => p50 ?? []).sort((a, b) => a - b);
    const total = (of: (report: HonestReport) => number): string =>
      String(this.#heard.reduce((sum, report) => sum + of(report), 0));
    const most = (values: readonly number[]): string => Math.max(0, ...values).toFixed(1);
    const { last } = this;
    return [
      this.#name,
      mb(this.mostBytes),
      mb(this.#resident.at(-1) ?? NaN),
      String(Math.max(...this.#files)),
      most(this.#lagsMs),
      String(Math.max(...this.#queues)),
      total(({ beats }) => beats),
      (medians[Math.floor(medians.length / 2)] ?? NaN).toFixed(1),
      most(this.#heard.flatMap(({ p99 }) => p99 ?? [])),
      most(this.#heard.flatMap(({ worst }) => worst ?? [])),
      total(({ registered }) => registered),
      most(this.#heard.map(({ slowestMs }) => slowestMs)),
      ...[last?.retried, last?.unfinished, last?.lost, last?.refused.length].map(String),
    ];
  }
}
