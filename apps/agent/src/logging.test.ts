import { formatApiKey, formatOperatorToken, makeProvisioningCode } from '@edgeflow/contract';
import { systemClock } from '@edgeflow/platform';
import { SeededRandom } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from './logging.ts';

const random = new SeededRandom(1);

function record(options: Partial<LogOptions>) {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    isPretty: false,
    clock: systemClock,
    write: (line) => lines.push(line),
    ...options,
  });
  return { log, lines };
}

describe('a log line', () => {
  it.each([false, true])('holds no key, token or code, wherever it came from (pretty: %s)', (isPretty) => {
    const { log, lines } = record({ isPretty });
    const key = formatApiKey(random.bytes(32));
    const token = formatOperatorToken(random.bytes(32));
    const code = makeProvisioningCode(3, (length) => random.bytes(length));
    for (const secret of [
      key,
      token,
      code,
      code.toLowerCase(),
      code.replaceAll('-', ' '),
      code.replaceAll('-', '1'),
    ]) {
      log.warn({ detail: `the proxy said: ${secret}`, cloud: secret }, `it quoted ${secret}`);
      expect(lines.at(-1)).not.toContain(secret);
    }
    expect(lines).toHaveLength(6);
  });

  it('is one JSON object when it is for machines', () => {
    const { log, lines } = record({});
    log.info({ cloud: 'https://cloud.example', attempt: 2 }, 'registering');
    expect(lines[0]?.endsWith('\n')).toBe(true);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      cloud: 'https://cloud.example',
      attempt: 2,
      msg: 'registering',
    });
  });

  it('is readable when it is for people', () => {
    const { log, lines } = record({ isPretty: true });
    log.error({ code: 'tls_untrusted' }, 'no way to the cloud');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d ERROR no way to the cloud code="tls_untrusted"\n$/);
  });

  it('cannot be forged, nor command the terminal, by what the cloud or a proxy said', () => {
    const { log, lines } = record({ isPretty: true });
    const nasty = 'no\r\n12:00:00 INFO  online\u001b[2J\u009b31m\u202egnp';
    log.warn({ detail: nasty }, nasty);
    expect(lines.join('').slice(0, -1)).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it('leaves ordinary words alone', () => {
    const { log, lines } = record({});
    log.info({}, 'EDGEFLOW_PROVISIONING_CODE: PROVISIONING and provisioned are words, prov is none');
    expect(lines[0]).toContain(
      'EDGEFLOW_PROVISIONING_CODE: PROVISIONING and provisioned are words, prov is none',
    );
  });

  it.each([
    ['silent', []],
    ['fatal', []],
    ['warn', ['warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['trace', ['debug', 'info', 'warn', 'error']],
  ] as const)('is written only at or above the level %s', (level, written) => {
    const { log, lines } = record({ level });
    for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]({}, 'something');
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
  });
});
