import { describe, expect, it } from 'vitest';
import { formatApiKey, formatOperatorToken, makeProvisioningCode } from '@edgeflow/contract';
import { SeededRandom } from '@edgeflow/platform/simulated';
import { createLogger, scrubSecrets } from './logging.ts';

const random = new SeededRandom(1);
const apiKey = formatApiKey(random.bytes(32));
const token = formatOperatorToken(random.bytes(32));
const code = makeProvisioningCode(3, (length) => random.bytes(length));

function recorder(): { readonly lines: string[]; readonly destination: { write(line: string): void } } {
  const lines: string[] = [];
  return { lines, destination: { write: (line) => lines.push(line) } };
}

describe('a log line', () => {
  it('never holds a secret that came in a message, a member or an error', () => {
    const { lines, destination } = recorder();
    const logger = createLogger({ level: 'trace', pretty: false, destination });
    logger.info(`the device sent ${code} and got ${apiKey}`);
    logger.info({ api_key: apiKey, body: { provisioning_code: code, inner: { token } } }, 'members');
    logger.error(
      { err: new Error(`Unexpected token in "${code}"`, { cause: new Error(`key ${apiKey}`) }) },
      'error',
    );
    logger.warn({ detail: `Authorization: Bearer ${token}` }, 'header');
    const all = lines.join('');
    for (const secret of [apiKey, token, code]) expect(all).not.toContain(secret);
    expect(lines.map((line): unknown => JSON.parse(line))).toHaveLength(4);
  });

  it('holds of a request only what is named', () => {
    const { lines, destination } = recorder();
    const logger = createLogger({ level: 'info', pretty: false, destination });
    const request = { id: 'req_1', method: 'GET', route: '/x/:id', address: '192.0.2.1' };
    logger.info({ req: { ...request, url: '/x/secret', headers: { cookie: 'c' } } }, 'answered');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'answered', req: request });
    expect(lines[0]).not.toContain('secret');
    expect(lines[0]).not.toContain('cookie');
  });

  it('names an error, its code and its causes, but no member that a library hung on it', () => {
    const { lines, destination } = recorder();
    const logger = createLogger({ level: 'info', pretty: false, destination });
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new TypeError('no database', { cause }), { query: 'select secret' });
    logger.error({ err: error }, 'failed');
    const line = JSON.parse(lines[0] ?? '') as { err: unknown };
    expect(line.err).toMatchObject({
      type: 'TypeError',
      message: 'no database',
      cause: { message: 'connection refused', code: 'ECONNREFUSED' },
    });
    expect(lines[0]).not.toContain('select secret');
  });

  it('is for people at a terminal', () => {
    const { lines, destination } = recorder();
    createLogger({ level: 'info', pretty: true, destination }).info(`made ${code}`);
    expect(lines.join('')).toContain('INFO');
    expect(lines.join('')).not.toContain(code);
  });
});

describe('a line for a terminal', () => {
  it('cannot be forged, nor command the terminal, by what somebody else called himself', () => {
    const { lines, destination } = recorder();
    const logger = createLogger({ level: 'info', pretty: true, destination });
    const nasty = 'pi\r\n[12:00:00] INFO: all is well\u001b[2J\u009b31m\u0007\u202egnp.exe';
    logger.warn({ hostname: nasty, [nasty]: nasty, list: [nasty] }, nasty);
    logger.error({ err: new Error(nasty) }, 'failed');
    // Colours are the log's own.
    const text = lines.join('').replaceAll(/\p{Cc}\[\d*m/gu, '');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(text).not.toMatch(/^\[12:00:00\] INFO: all is well/m);
    expect(text).toContain(String.raw`\u001b[2J`);
  });

  it('for machines is one line of JSON, whatever it holds', () => {
    const { lines, destination } = recorder();
    const nasty = 'pi\r\n{"level":"info"}\u001b[2J\u2028';
    createLogger({ level: 'info', pretty: false, destination }).warn({ hostname: nasty }, nasty);
    expect(lines.join('').match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ hostname: nasty, msg: nasty });
  });
});

describe('scrubSecrets', () => {
  it.each([
    ['PROV-A1B2-C3D4', 'PROV-…'],
    ['prov-a1b2-c3d4-e5f6.', 'PROV-….'],
    ['PROV A1B2 C3D4', 'PROV-…'],
    ['PROV–A1B2–C3D4', 'PROV-…'],
    ['PROVA1B2C3D4', 'PROV-…'],
    ['efk_abcd', 'efk_…'],
    ['postgres://edge:s3cret@db/edgeflow', 'postgres://edge:***@db/edgeflow'],
  ])('masks %s', (secret, masked) => {
    expect(scrubSecrets(`before ${secret} after`)).toBe(`before ${masked} after`);
  });

  it.each([
    'EDGEFLOW_PROVISIONING_CODE is not set; PROVISIONING failed; provisioning works',
    'edgeflow_http_request_duration_seconds',
    'dev_0123456789abcdef used pc_0123456789abcdef from https://cloud.example:8443/add',
  ])('leaves "%s" alone', (text) => {
    expect(scrubSecrets(text)).toBe(text);
  });
});
