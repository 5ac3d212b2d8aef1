import { SimulatedFiles } from '@edgeflow/platform/simulated';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEnvFile } from './env-file.ts';

const path = '/etc/.env';

async function read(text: string): Promise<Awaited<ReturnType<typeof readEnvFile>>> {
  const files = new SimulatedFiles();
  await files.makeFolder('/etc');
  await files.write(path, new TextEncoder().encode(text), 0o600);
  return readEnvFile(files, path, false);
}

it('any file of settings is read without an error, and a link in it whole', async () => {
  const line = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('EDGEFLOW_SAAS_URL', 'export EDGEFLOW_X : y', 'A="b', "A='b", '#', '=', '__proto__=x'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.constantFrom('\n', '\r\n'), async (lines, end) => {
      const link = 'https://cloud.example/add#v=1&code=PROV-A1B2-C3D4&c=XX';
      const quotes = /["'`]/;
      const harmless = lines.filter((one) => !quotes.test(one));
      expect(['boolean']).toContain(typeof (await read(lines.join(end))).ok);
      const reading = await read([...harmless, `EDGEFLOW_PROVISIONING_LINK=${link}`].join(end));
      if (reading.ok) expect(reading.file.values['EDGEFLOW_PROVISIONING_LINK']).toBe(link);
    }),
    { numRuns: 200 },
  );
});

it.each(['#', ' ', 'EDGEFLOW_A ', '=', 'a#', ': ', '\t'])(
  'a line of 60,000 characters made of %j is soon read',
  async (unit) => {
    const long = unit.repeat(60_000 / unit.length);
    for (const line of [long, `A=a${long}"`, `EDGEFLOW_A${long}=`, `export${long}A`]) {
      expect((await read(line)).ok).toBe(true);
    }
  },
);

it('a name without a value is pointed out, whatever stands around it', async () => {
  for (const line of ['EDGEFLOW_A', 'EDGEFLOW_A : x', ' export EDGEFLOW_A x', 'EDGEFLOW_A\r']) {
    const reading = await read(line);
    expect(reading.ok && reading.file.warnings.map(({ setting }) => setting), line).toEqual(['EDGEFLOW_A']);
  }
  for (const line of ['EDGEFLOW_A=x', 'EDGEFLOW_A  = x', '# EDGEFLOW_A', 'XEDGEFLOW_A']) {
    const reading = await read(line);
    expect(reading.ok && reading.file.warnings, line).toEqual([]);
  }
});
