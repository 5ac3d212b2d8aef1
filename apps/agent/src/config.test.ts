import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatApiKey, formatProvisioningLink } from '@edgeflow/contract';
import { systemFiles } from '@edgeflow/platform';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentConfig, type ConfigResult, loadConfig, type SettingProblem } from './config.ts';
import { makeCertificate } from './net/testing/certificates.ts';

const apiKey = formatApiKey(new Uint8Array(32).fill(7));
const code = 'PROV-A1B2-C3D4';
const pin = `sha256/${'A'.repeat(43)}=`;
const otherPin = `sha256/${'B'.repeat(43)}=`;
const link = formatProvisioningLink({ cloudUrl: 'https://cloud.example:8443', code, pins: [pin] });

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-config-'));
});

afterEach(() => rm(folder, { recursive: true }));

type Environment = Record<string, string>;

/** With no file of settings but the one in the test's folder, if it wrote one. */
async function load(
  environment: Environment,
  envText?: string | Uint8Array,
  mode = 0o600,
): Promise<ConfigResult> {
  const envFile = join(folder, '.env');
  await writeFile(envFile, envText ?? '');
  await chmod(envFile, mode);
  return loadConfig({ files: systemFiles, environment, envFile, workingFolder: folder });
}

async function good(environment: Environment, envText?: string): Promise<AgentConfig> {
  const result = await load(environment, envText);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

async function problemsOf(environment: Environment, envText?: string): Promise<readonly SettingProblem[]> {
  const result = await load(environment, envText);
  return result.ok ? [] : result.problems;
}

async function warningsOf(environment: Environment, envText?: string, mode?: number): Promise<string[]> {
  return (await load(environment, envText, mode)).warnings.map(({ message }) => message);
}

describe('without any setting', () => {
  it('an agent is enabled, on loopback port 8080, and belongs to no cloud', async () => {
    expect(await good({})).toEqual({
      isEnabled: true,
      cloud: undefined,
      trust: { caPem: undefined, pins: [] },
      proxy: { proxy: undefined, exceptions: '' },
      code: { kind: 'none' },
      credentials: undefined,
      stateFolder: '/var/lib/edgeflow',
      vaultKeyFile: undefined,
      server: { host: '127.0.0.1', port: 8080, token: undefined, tls: undefined },
      logLevel: 'info',
    });
  });

  it('a missing default file is an empty one', async () => {
    const result = await loadConfig({ files: new SimulatedFiles(), environment: {} });
    expect(result).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('a file of settings', () => {
  it('is read with comments, quotes, export and Windows line ends, and with a byte order mark', async () => {
    const text = `\ufeff# EdgeFlow\r\nexport EDGEFLOW_SAAS_URL = "cloud.example:8443" # ours\r\nEDGEFLOW_SERVER_PORT=9090\r\n`;
    expect(await good({}, text)).toMatchObject({
      cloud: { url: 'https://cloud.example:8443' },
      server: { port: 9090 },
    });
  });

  it('gives way to the environment, setting by setting; what is empty there is not set there', async () => {
    const config = await good(
      { EDGEFLOW_SERVER_PORT: '9091', EDGEFLOW_SAAS_URL: '' },
      'EDGEFLOW_SERVER_PORT=9090\nEDGEFLOW_SAAS_URL=cloud.example\n',
    );
    expect(config).toMatchObject({ server: { port: 9091 }, cloud: { host: 'cloud.example' } });
  });

  it('may hold a provisioning link as it is, without quotes', async () => {
    expect(await good({}, `EDGEFLOW_PROVISIONING_LINK=${link}\n`)).toMatchObject({
      code: { kind: 'given', code },
    });
    expect(await good({}, `EDGEFLOW_PROVISIONING_LINK=${link} # from the QR\n`)).toMatchObject({
      code: { code },
    });
    expect(await good({}, `EDGEFLOW_PROVISIONING_LINK='${link}'\n`)).toMatchObject({ code: { code } });
  });

  it('that was named and is missing is a problem', async () => {
    const environment = { EDGEFLOW_ENV_FILE: join(folder, 'nowhere') };
    const result = await loadConfig({ files: systemFiles, environment });
    expect(result).toMatchObject({
      ok: false,
      problems: [
        { setting: environment.EDGEFLOW_ENV_FILE, message: expect.stringContaining('there is no file') },
      ],
    });
  });

  it.each([
    ['UTF-16 text', Buffer.from('\ufeffEDGEFLOW_SAAS_URL=x', 'utf16le'), 'is UTF-16 text'],
    ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]), 'is not text'],
    ['Latin-1', Buffer.from('# f\xfcr uns\n', 'latin1'), 'is not UTF-8 text'],
    ['far too large', Buffer.alloc(65_537, '#'), 'is larger than 65536 bytes'],
  ])('that is %s is reported as that', async (_name, bytes, text) => {
    const result = await load({}, bytes);
    expect(result).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining(text) }] });
  });

  it('that is a folder, or a link to itself, is reported as that', async () => {
    await mkdir(join(folder, 'folder'));
    await symlink('loop', join(folder, 'loop'));
    const messageFor = async (name: string): Promise<unknown> => {
      const result = await loadConfig({ files: systemFiles, environment: {}, envFile: join(folder, name) });
      return result.ok ? undefined : result.problems[0]?.message;
    };
    expect(await messageFor('folder')).toContain('is a folder, not a file');
    expect(await messageFor('loop')).toContain('leads back to itself');
  });

  it('that may not be read says who must be able to, also when it is the default one', async () => {
    const files = new SimulatedFiles();
    files.fault = (step) => (step === 'read' ? 'EACCES' : undefined);
    const result = await loadConfig({ files, environment: {} });
    expect(result).toMatchObject({
      ok: false,
      problems: [{ setting: '/etc/edgeflow/.env', nextStep: expect.stringContaining('chown') }],
    });
  });

  it('that holds secrets and is open to others is warned about; one without secrets is not', async () => {
    expect(
      await warningsOf({}, `EDGEFLOW_SAAS_URL=cloud.example\nEDGEFLOW_PROVISIONING_CODE=${code}\n`, 0o644),
    ).toEqual([expect.stringContaining('other users of this machine may read it')]);
    expect(
      await warningsOf({}, `EDGEFLOW_SAAS_URL=cloud.example\nEDGEFLOW_PROVISIONING_CODE=${code}\n`),
    ).toEqual([]);
    expect(await warningsOf({}, 'EDGEFLOW_SAAS_URL=cloud.example\n', 0o644)).toEqual([]);
  });

  it.each([
    'EDGEFLOW_API_KEY efk_secret=1',
    'EDGEFLOW_SERVER_TOKEN c2VjcmV0=',
    'EDGEFLOW_SERVER_TOKEN\u00a0=secret',
    'edgeflow_server_token: secret=',
    'EDGEFLOW_SERVER_TOKEN.secret=1',
  ])(
    'with %j is warned about by the number of the line, without repeating what may be a secret',
    async (line) => {
      const result = await load({}, `# EdgeFlow\n${line}\n`);
      expect(result.warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/^Line 2 of /)]);
      expect(JSON.stringify(result)).not.toMatch(/efk_|secret\b|c2Vj/);
    },
  );

  it('with a line that sets nothing is warned about, by its number', async () => {
    const [warning] = await warningsOf({}, '# x\nEDGEFLOW_SAAS_URL: cloud.example\n');
    expect(warning).toMatch(/Line 2 of .* EDGEFLOW_SAAS_URL has no =/);
  });
});

describe('a setting that is not known', () => {
  it.each([
    ['EDGEFLOW_SAAS_ULR', 'Did you mean EDGEFLOW_SAAS_URL?'],
    ['EDGEFLOW_PROVISION_CODE', 'Did you mean EDGEFLOW_PROVISIONING_CODE?'],
    ['edgeflow_saas_url', 'Did you mean EDGEFLOW_SAAS_URL?'],
    ['EDGEFLOW_SAAS_TLS_PINS', 'Did you mean EDGEFLOW_SAAS_TLS_PIN?'],
    ['EDGEFLOW_FAVOURITE_COLOUR', 'Remove it.'],
  ])('%s is warned about: %s', async (name, nextStep) => {
    expect((await load({ [name]: 'x' })).warnings).toEqual([
      expect.objectContaining({ setting: name, nextStep }),
    ]);
  });

  it('is left alone when it belongs to the cloud', async () => {
    expect(await warningsOf({ EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN: 'x', PATH: '/bin' })).toEqual([]);
  });
});

describe('a value that cannot be', () => {
  it.each([
    [{ EDGEFLOW_SAAS_ENABLED: 'maybe' }, 'is neither true nor false'],
    [{ EDGEFLOW_SERVER_PORT: '65536' }, 'is no port'],
    [{ EDGEFLOW_SERVER_PORT: '-1' }, 'is no port'],
    [{ EDGEFLOW_SERVER_PORT: '80a' }, 'is no port'],
    [{ EDGEFLOW_SERVER_HOST: '127.0.0.1:8080' }, 'is neither an address nor a name'],
    [{ EDGEFLOW_SERVER_TOKEN: 'two words, quite long' }, 'visible ASCII'],
    [{ EDGEFLOW_LOG_LEVEL: 'loud' }, 'is no log level'],
    [{ EDGEFLOW_SAAS_URL: 'ftp://cloud.example' }, 'which is not HTTPS'],
    [{ EDGEFLOW_SAAS_URL: link }, 'is a provisioning link'],
    [{ EDGEFLOW_SAAS_URL: 'http://cloud.example' }, 'without TLS to another machine'],
    [{ EDGEFLOW_SAAS_URL: 'cloud.example', EDGEFLOW_SAAS_TLS: 'false' }, 'without TLS to another machine'],
    [{ EDGEFLOW_SAAS_URL: 'http://localhost:3000', EDGEFLOW_SAAS_TLS: 'true' }, 'says http:// while'],
    [{ EDGEFLOW_SAAS_URL: 'https://localhost', EDGEFLOW_SAAS_TLS: '0' }, 'says https:// while'],
    [{ EDGEFLOW_SAAS_TLS_PIN: 'sha256/abc' }, 'holds something that is no pin'],
    [
      { EDGEFLOW_SAAS_TLS_PIN: `${pin},${pin.replace('sha256/', 'sha1/')}` },
      'holds something that is no pin',
    ],
    [{ HTTPS_PROXY: 'socks5://proxy.example' }, 'which this agent does not speak'],
    [{ EDGEFLOW_SAAS_CA_FILE: 'missing.pem' }, 'there is no file'],
  ])('%j is refused: it %s', async (environment, text) => {
    const problems = await problemsOf(environment);
    expect(problems).toEqual([
      {
        setting: Object.keys(environment)[0],
        message: expect.stringContaining(text),
        nextStep: expect.any(String),
      },
    ]);
  });

  it('never stands alone: every problem is reported at once', async () => {
    const problems = await problemsOf(
      { EDGEFLOW_SERVER_PORT: 'x', EDGEFLOW_DEVICE_ID: 'dev_abc123xyz', EDGEFLOW_SAAS_URL: 'ftp://x' },
      'EDGEFLOW_LOG_LEVEL=loud\nEDGEFLOW_SAAS_CA_FILE=missing.pem\n',
    );
    expect(problems.map(({ setting }) => setting).sort()).toEqual([
      'EDGEFLOW_API_KEY',
      'EDGEFLOW_LOG_LEVEL',
      'EDGEFLOW_SAAS_CA_FILE',
      'EDGEFLOW_SAAS_URL',
      'EDGEFLOW_SERVER_PORT',
    ]);
  });
});

describe('settings that contradict each other', () => {
  const cloud = { EDGEFLOW_SAAS_URL: 'https://cloud.example:8443' };
  const otherCode = 'PROV-ZZZZ-ZZZZ';

  it.each<[string, Environment, string]>([
    [
      'a code and a file',
      { EDGEFLOW_PROVISIONING_CODE: code, EDGEFLOW_PROVISIONING_CODE_FILE: 'c' },
      'are both set',
    ],
    [
      'a code and a link',
      { EDGEFLOW_PROVISIONING_CODE: otherCode, EDGEFLOW_PROVISIONING_LINK: link },
      'contradict',
    ],
    [
      'a cloud and a link',
      { EDGEFLOW_SAAS_URL: 'other.example', EDGEFLOW_PROVISIONING_LINK: link },
      'contradict',
    ],
    ['a pin and a link', { EDGEFLOW_SAAS_TLS_PIN: otherPin, EDGEFLOW_PROVISIONING_LINK: link }, 'contradict'],
    ['an id without a key', { ...cloud, EDGEFLOW_DEVICE_ID: 'dev_abc123xyz' }, 'EDGEFLOW_API_KEY is not'],
    ['a key without an id', { ...cloud, EDGEFLOW_API_KEY: apiKey }, 'EDGEFLOW_DEVICE_ID is not'],
    [
      'a key and a file',
      { ...cloud, EDGEFLOW_DEVICE_ID: 'dev_1', EDGEFLOW_API_KEY: apiKey, EDGEFLOW_API_KEY_FILE: 'key' },
      'are both set',
    ],
    [
      'credentials without a cloud',
      { EDGEFLOW_DEVICE_ID: 'dev_1', EDGEFLOW_API_KEY: apiKey },
      'EDGEFLOW_SAAS_URL is not',
    ],
    [
      'half of a server’s certificate',
      { EDGEFLOW_SERVER_TLS_KEY_FILE: 'key' },
      'EDGEFLOW_SERVER_TLS_CERT_FILE is not',
    ],
  ])('%s are named once', async (_name, environment, text) => {
    await writeFile(join(folder, 'key'), apiKey);
    await writeFile(join(folder, 'c'), code);
    const problems = await problemsOf(environment);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(text)]);
    expect(JSON.stringify(problems)).not.toMatch(/A1B2|ZZZZ|efk_/);
  });

  const damaged = link.replace('A1B2', 'A1B3');

  it.each<[string, Environment]>([
    ['a code', { EDGEFLOW_PROVISIONING_CODE: code }],
    ['a key', { EDGEFLOW_DEVICE_ID: 'dev_1', EDGEFLOW_API_KEY: apiKey }],
    ['nothing else', {}],
  ])(
    'a link that cannot be read, and may hold pins, stands beside an address and %s',
    async (_name, rest) => {
      const problems = await problemsOf({ ...cloud, ...rest, EDGEFLOW_PROVISIONING_LINK: damaged });
      expect(problems).toMatchObject([
        { setting: 'EDGEFLOW_PROVISIONING_LINK', message: expect.stringContaining('whom to trust') },
      ]);
    },
  );

  it.each<[string, Environment]>([
    ['with pins of its own', { ...cloud, EDGEFLOW_SAAS_TLS_PIN: pin, EDGEFLOW_PROVISIONING_CODE: code }],
    ['without an address', { EDGEFLOW_PROVISIONING_CODE: code }],
  ])('are warned of when a link cannot be read beside a code %s', async (_name, rest) => {
    const result = await load({ ...rest, EDGEFLOW_PROVISIONING_LINK: damaged });
    expect(result.ok).toBe(true);
    expect(result.warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('EDGEFLOW_PROVISIONING_LINK cannot be read'),
    );
  });

  it('are none where they agree', async () => {
    const environment = {
      EDGEFLOW_SAAS_URL: 'wss://Cloud.Example:8443/tunnel',
      EDGEFLOW_PROVISIONING_CODE: 'prov a1b2-c3d4',
      EDGEFLOW_PROVISIONING_LINK: link,
      EDGEFLOW_SAAS_TLS_PIN: `${otherPin}, ${pin}`,
    };
    expect(await good(environment)).toMatchObject({
      cloud: { url: 'https://cloud.example:8443' },
      code: { kind: 'given', code },
      trust: { pins: [otherPin, pin] },
    });
  });
});

describe('a provisioning code', () => {
  const cloud = { EDGEFLOW_SAAS_URL: 'cloud.example' };

  it.each(['PROV-A1B2-C3D4', 'a1b2c3d4', ' prov–AIB2 c3d4 '])('%j is read leniently', async (text) => {
    const config = await good({ ...cloud, EDGEFLOW_PROVISIONING_CODE: text });
    expect(config.code).toEqual({ kind: 'given', code, setting: 'EDGEFLOW_PROVISIONING_CODE' });
  });

  it('may stand in a file, with a line end', async () => {
    await writeFile(join(folder, 'code'), `${code}\r\n`);
    const config = await good({ ...cloud, EDGEFLOW_PROVISIONING_CODE_FILE: 'code' });
    expect(config.code).toEqual({ kind: 'given', code, setting: 'EDGEFLOW_PROVISIONING_CODE_FILE' });
  });

  it('comes with its cloud and pins in a link', async () => {
    expect(await good({ EDGEFLOW_PROVISIONING_LINK: link })).toMatchObject({
      cloud: { url: 'https://cloud.example:8443' },
      code: { kind: 'given', code, setting: 'EDGEFLOW_PROVISIONING_LINK' },
      trust: { pins: [pin] },
    });
  });

  it.each<[string, Environment, string]>([
    [
      'is mistyped',
      { ...cloud, EDGEFLOW_PROVISIONING_CODE: 'PROV-A1B2-C3D' },
      'does not hold a provisioning code',
    ],
    ['is in a file that is gone', { ...cloud, EDGEFLOW_PROVISIONING_CODE_FILE: 'gone' }, 'there is no file'],
    [
      'is in a link with a wrong character',
      { EDGEFLOW_PROVISIONING_LINK: link.replace('A1B2', 'A1B3') },
      'wrong or',
    ],
    ['names no cloud', { EDGEFLOW_PROVISIONING_CODE: code }, 'which cloud'],
  ])('that %s does not stop a device that may have its identity', async (_name, environment, text) => {
    const result = await load(environment);
    expect(result).toMatchObject({ ok: true, config: { code: { kind: 'unusable' } } });
    expect(result.warnings.map(({ message }) => message)).toEqual([expect.stringContaining(text)]);
    expect(JSON.stringify(result.warnings)).not.toMatch(/A1B/);
  });
});

describe('credentials made beforehand', () => {
  const rest = { EDGEFLOW_SAAS_URL: 'cloud.example', EDGEFLOW_DEVICE_ID: 'dev_abc123xyz' };

  it('are opaque text', async () => {
    const config = await good({ ...rest, EDGEFLOW_API_KEY: 'any-text-at-all' });
    expect(config.credentials).toEqual({ deviceId: 'dev_abc123xyz', apiKey: 'any-text-at-all' });
  });

  it('may have their key in a file', async () => {
    await writeFile(join(folder, 'key'), `${apiKey}\n`);
    expect((await good({ ...rest, EDGEFLOW_API_KEY_FILE: 'key' })).credentials?.apiKey).toBe(apiKey);
  });

  it.each([
    ['the masked key', `${apiKey.slice(0, 8)}…${apiKey.slice(-4)}`, 'is the masked form'],
    ['a key with a space', 'two words', 'visible ASCII'],
    ['nothing', ' \n', 'is empty'],
  ])('are refused with %s in the file', async (_name, content, text) => {
    await writeFile(join(folder, 'key'), content);
    const problems = await problemsOf({ ...rest, EDGEFLOW_API_KEY_FILE: 'key' });
    expect(problems).toEqual([
      {
        setting: 'EDGEFLOW_API_KEY_FILE',
        message: expect.stringContaining(text),
        nextStep: expect.any(String),
      },
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/efk_|two words/);
  });

  it('are refused once with a bad key, and not also as incomplete', async () => {
    expect(await problemsOf({ ...rest, EDGEFLOW_API_KEY: 'efk_A1b2…wXyZ' })).toHaveLength(1);
  });
});

describe('certificates', () => {
  it('are read from the CA file', async () => {
    const { certificatePem } = await makeCertificate({ name: 'CA', isAuthority: true });
    await writeFile(join(folder, 'ca.pem'), certificatePem);
    expect((await good({ EDGEFLOW_SAAS_CA_FILE: 'ca.pem' })).trust.caPem).toBe(certificatePem);
  });

  it.each([
    ['no certificate', 'hello', 'holds no certificate'],
    ['a damaged one', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'cannot be read'],
  ])('are refused when the file holds %s', async (_name, content, text) => {
    await writeFile(join(folder, 'ca.pem'), content);
    const [problem] = await problemsOf({ EDGEFLOW_SAAS_CA_FILE: 'ca.pem' });
    expect(problem?.message).toContain(text);
  });

  it('of the local API must fit their key', async () => {
    const [mine, other] = [await makeCertificate({ name: 'a' }), await makeCertificate({ name: 'b' })];
    await writeFile(join(folder, 'cert.pem'), mine.certificatePem);
    await writeFile(join(folder, 'key.pem'), mine.keyPem);
    await writeFile(join(folder, 'other.pem'), other.keyPem);
    const certificate = { EDGEFLOW_SERVER_TLS_CERT_FILE: 'cert.pem' };
    const config = await good({ ...certificate, EDGEFLOW_SERVER_TLS_KEY_FILE: 'key.pem' });
    expect(config.server.tls).toEqual({ certificatePem: mine.certificatePem, keyPem: mine.keyPem });
    const [problem] = await problemsOf({ ...certificate, EDGEFLOW_SERVER_TLS_KEY_FILE: 'other.pem' });
    expect(problem?.message).toContain('no private key that fits');
  });
});

describe('the local API', () => {
  it('off loopback without TLS is warned about, because it will not listen', async () => {
    expect(await warningsOf({ EDGEFLOW_SERVER_HOST: '0.0.0.0' })).toEqual([
      expect.stringContaining('will not listen'),
    ]);
    expect(await warningsOf({ EDGEFLOW_SERVER_HOST: '::1' })).toEqual([]);
  });

  it('with a short token is warned about', async () => {
    expect(await warningsOf({ EDGEFLOW_SERVER_TOKEN: 'swordfish' })).toEqual([
      expect.stringContaining('guessed'),
    ]);
  });

  it.each([
    ['0.0.0.0', 'will not listen on 0.0.0.0.'],
    ['192.0.2.1', 'will not listen on 192.0.2.1.'],
    ['edgeflow-pi', 'will not listen on edgeflow-pi unless that is a loopback address of this device.'],
  ])('on %s with a short token is warned about, and the agent starts', async (host, what) => {
    const { certificatePem, keyPem } = await makeCertificate({ name: 'pi' });
    await writeFile(join(folder, 'cert.pem'), certificatePem);
    await writeFile(join(folder, 'key.pem'), keyPem);
    const tls = { EDGEFLOW_SERVER_TLS_CERT_FILE: 'cert.pem', EDGEFLOW_SERVER_TLS_KEY_FILE: 'key.pem' };
    const short = { ...tls, EDGEFLOW_SERVER_HOST: host, EDGEFLOW_SERVER_TOKEN: 'swordfish-15-ch' };
    expect((await good(short)).server).toMatchObject({ host, token: 'swordfish-15-ch' });
    const [warning, ...others] = (await load(short)).warnings;
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      setting: 'EDGEFLOW_SERVER_TOKEN',
      message: expect.stringMatching(/shorter than 16 characters/) as string,
      nextStep: expect.stringContaining('openssl rand') as string,
    });
    expect(warning?.message).toContain(what);
    expect(JSON.stringify(warning)).not.toContain('swordfish');
    expect(await warningsOf({ ...short, EDGEFLOW_SERVER_TOKEN: 'swordfish-16-chr' })).toEqual([]);
  });
});

describe('proxies', () => {
  it('are taken from either spelling, the lower-case one first, and from the file', async () => {
    const config = await good(
      { HTTPS_PROXY: 'http://upper.example:3128', https_proxy: 'http://lower.example:3128' },
      'no_proxy=.internal\n',
    );
    expect(config.proxy).toMatchObject({ proxy: { label: 'lower.example:3128' }, exceptions: '.internal' });
  });
});
