import { describe, expect, it } from 'vitest';
import { names, reportsOf } from './reports.ts';

describe('the reports of a gate', () => {
  it('keep a lint rule with the file it was broken in', () => {
    const output =
      '/tree/a.ts\n  1:1  error  No  rule-a\n\n/tree/b.ts\n  1:1  error  No  rule-b\n\n2 problems\n';
    const reports = reportsOf('lint', output);
    expect(names(reports, ['a.ts', 'rule-a'])).toBe(true);
    expect(names(reports, ['b.ts', 'rule-b'])).toBe(true);
    expect(names(reports, ['a.ts', 'rule-b'])).toBe(false);
  });

  it('keep an import rule with its path and its advice', () => {
    const output = 'rule-a: a.ts → b.ts\n    Do this.\n\nrule-b: c.ts → d.ts\n    Do that.\n\n2 problems.\n';
    const reports = reportsOf('imports', output);
    expect(names(reports, ['rule-b', 'c.ts', 'Do that.'])).toBe(true);
    expect(names(reports, ['rule-a', 'c.ts'])).toBe(false);
  });

  it('keep an unused name with the kind of its list', () => {
    const output = 'Unused files (1)\na.ts: a.ts\nUnused exports (1)\nb.ts: spare, other\n';
    const reports = reportsOf('unused', output);
    expect(names(reports, ['Unused exports', 'b.ts', 'spare'])).toBe(true);
    expect(names(reports, ['Unused files', 'b.ts'])).toBe(false);
  });

  it('hold one line each for types and format', () => {
    const reports = reportsOf('types', 'a.ts(1,1): error TS1: no\nb.ts(1,1): error TS2: no\n');
    expect(names(reports, ['a.ts', 'TS1'])).toBe(true);
    expect(names(reports, ['a.ts', 'TS2'])).toBe(false);
  });

  it('are none when the gate printed nothing', () => {
    for (const gate of ['types', 'format', 'imports', 'lint', 'unused'] as const) {
      expect(reportsOf(gate, '')).toEqual([]);
    }
  });
});
