/** What a loop of kills has counted. Every violation names the seed and number that it happened with. */
export class Tally {
  readonly name: string;
  readonly phases: Map<string, number>;
  readonly violations: string[] = [];
  /** Milliseconds from the last start of what was killed until its device was online, one a device. */
  readonly recoveriesMs: number[] = [];
  kills = 0;
  /** Onboardings or rotations that came to their end. */
  finished = 0;
  devices = 0;
  burntCodes = 0;
  lostIdentities = 0;

  constructor(name: string, phases: readonly string[]) {
    this.name = name;
    this.phases = new Map(phases.map((phase) => [phase, 0]));
  }

  phase(phase: string): void {
    this.phases.set(phase, (this.phases.get(phase) ?? 0) + 1);
  }

  /** @param kind what is counted beside the text */
  violation(text: string, kind?: 'burntCodes' | 'lostIdentities'): void {
    this.violations.push(text);
    if (kind !== undefined) this[kind] += 1;
  }

  progress(): string {
    return `${String(this.kills)} kills, ${String(this.finished)} finished, ${String(this.violations.length)} violations`;
  }

  /** As lines of Markdown. */
  table(): string[] {
    const recovered = [...this.recoveriesMs].sort((a, b) => a - b);
    const at = (share: number): string =>
      String(
        Math.round(recovered[Math.min(recovered.length - 1, Math.floor(recovered.length * share))] ?? NaN),
      );
    return [
      `### ${this.name}`,
      '',
      '| kills | finished | devices made | burnt codes | lost identities | violations | back online, median / longest ms |',
      '|---:|---:|---:|---:|---:|---:|---:|',
      `| ${String(this.kills)} | ${String(this.finished)} | ${String(this.devices)} | ${String(this.burntCodes)} | ${String(this.lostIdentities)} | ${String(this.violations.length)} | ${at(0.5)} / ${at(1)} |`,
      '',
      '| what a device and the registry held at the kill | times |',
      '|---|---:|',
      ...[...this.phases].map(([phase, times]) => `| ${phase} | ${String(times)} |`),
      '',
      ...this.violations.map((text) => `- VIOLATION: ${text}`),
    ];
  }
}
