/** What the honest say of one second. Counts of `lost` and `refused` are since the start. */
export interface HonestReport {
  readonly beats: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly worst?: number;
  readonly registered: number;
  readonly slowestMs: number;
  readonly lost: number;
  readonly refused: readonly string[];
}

export type HostileReport = readonly {
  readonly name: string;
  readonly open: number;
  readonly opened: number;
  readonly closed: number;
}[];

/** One stretch of the run, and the most of each thing that was seen in it. */
export class Phase {
  static readonly columns = [
    'phase',
    'memory most MB',
    'at its end MB',
    'open files',
    'event loop p99 ms',
    'heartbeats',
    'median of p50 ms',
    'worst p99 ms',
    'worst ms',
    'registered',
    'slowest ms',
    'disconnected',
    'refused',
  ];

  readonly #name: string;
  readonly #resident: number[] = [];
  readonly #files: number[] = [];
  readonly #lagsMs: number[] = [];
  readonly #heard: HonestReport[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  sample(residentBytes: number, openFiles: number, loopLagMs: number): void {
    this.#resident.push(residentBytes);
    this.#files.push(openFiles);
    if (Number.isFinite(loopLagMs)) this.#lagsMs.push(loopLagMs);
  }

  hear(report: HonestReport): void {
    this.#heard.push(report);
  }

  get mostBytes(): number {
    return Math.max(...this.#resident);
  }

  get lost(): number {
    return this.#heard.at(-1)?.lost ?? NaN;
  }

  get refused(): number {
    return this.#heard.at(-1)?.refused.length ?? NaN;
  }

  /** What no honest device should have met. */
  get harm(): string[] {
    const { lost = 0, refused = [] } = this.#heard.at(-1) ?? {};
    return [...(lost > 0 ? [`${this.#name}: ${String(lost)} tunnels lost`] : []), ...refused];
  }

  describe(): string[] {
    const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
    const medians = this.#heard.flatMap(({ p50 }) => p50 ?? []).sort((a, b) => a - b);
    const total = (of: (report: HonestReport) => number): string =>
      String(this.#heard.reduce((sum, report) => sum + of(report), 0));
    const most = (values: readonly number[]): string => Math.max(0, ...values).toFixed(1);
    return [
      this.#name,
      mb(this.mostBytes),
      mb(this.#resident.at(-1) ?? NaN),
      String(Math.max(...this.#files)),
      most(this.#lagsMs),
      total(({ beats }) => beats),
      (medians[Math.floor(medians.length / 2)] ?? NaN).toFixed(1),
      most(this.#heard.flatMap(({ p99 }) => p99 ?? [])),
      most(this.#heard.flatMap(({ worst }) => worst ?? [])),
      total(({ registered }) => registered),
      most(this.#heard.map(({ slowestMs }) => slowestMs)),
      String(this.lost),
      String(this.refused),
    ];
  }
}
