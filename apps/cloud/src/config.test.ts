import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { type CloudConfig, loadConfig, type SettingProblem } from './config.ts';

const token = 'a-bootstrap-token-of-enough-characters';
let files: SimulatedFiles;

beforeEach(async () => {
  files = new SimulatedFiles();
  await files.makeFolder('/secrets');
});

async function config(environment: Record<string, string>): Promise<CloudConfig> {
  const reading = await loadConfig(environment, { files, workingFolder: '/srv' });
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.config;
}

async function problems(environment: Record<string, string>): Promise<readonly SettingProblem[]> {
  const reading = await loadConfig(environment, { files, workingFolder: '/srv' });
  return reading.ok ? [] : reading.problems;
}

describe('settings', () => {
  it('have the documented defaults', async () => {
    expect(await config({ PATH: '/usr/bin' })).toMatchObject({
      https: { host: '0.0.0.0', port: 8443, portGiven: false },
      http: { host: '127.0.0.1', port: 3000, portGiven: false },
      tlsFiles: undefined,
      publicUrl: undefined,
      database: { kind: 'sqlite', path: '/srv/data/edgeflow.db' },
      dataFolder: '/srv/data',
      secretFile: '/srv/data/server-keys.json',
      bootstrapToken: undefined,
      codeTtlSeconds: 86_400,
      codeGroups: undefined,
      keyTtlDays: 365,
      logLevel: 'info',
    });
  });

  it('are read as given, with paths made absolute', async () => {
    const given = await config({
      HOST: '::',
      PORT: '9443',
      HTTP_PORT: 'off',
      TLS_CERT_FILE: 'tls/chain.pem',
      TLS_KEY_FILE: '/etc/tls/key.pem',
      PUBLIC_URL: 'https://edge.example/fleet/',
      DATABASE_URL: 'sqlite:///var/lib/edgeflow/edge.db',
      EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN: token,
      CODE_TTL_SECONDS: '3600',
      CODE_GROUPS: '4',
      KEY_TTL_DAYS: '90',
      LOG_LEVEL: 'debug',
    });
    expect(given).toMatchObject({
      https: { host: '::', port: 9443, portGiven: true },
      http: undefined,
      tlsFiles: { certificate: '/srv/tls/chain.pem', key: '/etc/tls/key.pem' },
      publicUrl: 'https://edge.example/fleet',
      database: { kind: 'sqlite', path: '/var/lib/edgeflow/edge.db' },
      dataFolder: '/var/lib/edgeflow',
      secretFile: '/var/lib/edgeflow/server-keys.json',
      codeTtlSeconds: 3600,
      codeGroups: 4,
      keyTtlDays: 90,
      logLevel: 'debug',
    });
    expect(given.bootstrapToken?.reveal()).toBe(token);
  });

  it('count as not given when they are empty', async () => {
    expect((await config({ PORT: '', HTTP_PORT: ' ' })).https).toMatchObject({
      port: 8443,
      portGiven: false,
    });
  });

  it('tell trusted proxies from other addresses', async () => {
    const { trustedProxies } = await config({ TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7 2001:db8::/32' });
    const trusted = ['10.1.2.3', '192.0.2.7', '2001:db8::5'];
    const others = ['11.0.0.1', '192.0.2.8', '2001:db9::1', 'unknown'];
    expect(trusted.filter((address) => trustedProxies.contains(address))).toEqual(trusted);
    expect(others.filter((address) => trustedProxies.contains(address))).toEqual([]);
  });

  it('never show a secret', async () => {
    const given = await config({
      DATABASE_URL: 'postgres://edge:s3cret@db.internal:5433/fleet?password=s3cret',
      EDGEFLOW_CLOUD_SECRET_FILE: '/secrets/ring.json',
      EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN: token,
    });
    expect(given.database).toMatchObject({
      kind: 'postgres',
      shown: 'postgres://edge:***@db.internal:5433/fleet',
    });
    const printed =
      inspect(given, { depth: 9, showHidden: true }) + JSON.stringify(given) + String(given.bootstrapToken);
    expect(printed).not.toContain('s3cret');
    expect(printed).not.toContain(token);
  });
});

describe('a secret in a file', () => {
  it('is read without the line break at its end', async () => {
    await files.write('/secrets/token', Buffer.from(`${token}\n`), 0o600);
    await files.write('/secrets/db', Buffer.from('postgres://edge:s3cret@db/fleet\r\n'), 0o600);
    const given = await config({
      EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN_FILE: '/secrets/token',
      DATABASE_URL_FILE: '../secrets/db',
      EDGEFLOW_CLOUD_SECRET_FILE: 'ring.json',
    });
    expect(given.bootstrapToken?.reveal()).toBe(token);
    const { database } = given;
    expect(database.kind === 'postgres' && database.url.reveal()).toBe('postgres://edge:s3cret@db/fleet');
  });

  it('is refused when it is missing, empty, or given twice', async () => {
    await files.write('/secrets/empty', Buffer.from('\n'), 0o600);
    const setting = 'EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN_FILE';
    const messages = await Promise.all([
      problems({ [setting]: '/secrets/none' }),
      problems({ [setting]: '/secrets/empty' }),
      problems({ [setting]: '/secrets/empty', EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN: token }),
    ]);
    expect(messages.map((list) => list.map((problem) => [problem.setting, problem.message]))).toEqual([
      [[setting, '/secrets/none cannot be read (ENOENT)']],
      [[setting, '/secrets/empty is empty']],
      [[setting, 'is set together with EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN']],
    ]);
  });
});

describe('a wrong setting', () => {
  it.each([
    ['PORT', '65536', 'must be a whole number from 0 to 65535, not "65536"'],
    ['PORT', '8443x', 'must be a whole number from 0 to 65535, not "8443x"'],
    ['PORT', '-1', 'must be a whole number from 0 to 65535, not "-1"'],
    ['HTTP_PORT', 'no', 'must be a whole number from 0 to 65535, or off, not "no"'],
    ['HOST', 'a b', 'must be an IP address or a host name, not "a b"'],
    ['HTTP_HOST', '0.0.0.0', '0.0.0.0 would serve plain HTTP, with every key readable, to other machines'],
    ['TRUSTED_PROXIES', '10.0.0.0/33', '"10.0.0.0/33" is no IP address and no network such as 10.0.0.0/8'],
    ['TRUSTED_PROXIES', '0.0.0.0/0', '"0.0.0.0/0" would trust every address there is'],
    ['PUBLIC_URL', 'edge.example', 'must be a URL'],
    [
      'PUBLIC_URL',
      'http://edge.example',
      'must begin with https://: devices speak plain HTTP to their own machine alone',
    ],
    ['PUBLIC_URL', 'https://u:p@edge.example', 'must hold no user name or password'],
    ['PUBLIC_URL', 'https://edge.example/#a', 'must hold no "?" and no "#"'],
    ['DATABASE_URL', 'mysql://root:s3cret@db', 'must begin with sqlite: or postgres://'],
    ['DATABASE_URL', 'sqlite::memory:', 'must name a file: a registry in memory forgets every device'],
    ['NATS_URL', 'nats://s3cret@n', 'is not supported: this version of the cloud runs as one node'],
    ['EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN', 's3cret', 'must have 32 characters or more; this has 6'],
    ['CODE_TTL_SECONDS', '59', 'must be a whole number from 60 to 31622400, not "59"'],
    ['CODE_GROUPS', '7', 'must be a whole number from 2 to 6, not "7"'],
    ['KEY_TTL_DAYS', '0', 'must be a whole number from 1 to 3650, not "0"'],
    ['LOG_LEVEL', 'loud', 'must be one of fatal, error, warn, info, debug, trace, not "loud"'],
  ])('%s=%s is named, with what is wrong', async (setting, value, message) => {
    const found = await problems({ [setting]: value });
    expect(found.map((problem) => [problem.setting, problem.message])).toEqual([[setting, message]]);
    expect(found[0]?.nextStep).toMatch(/\.$/);
    expect(JSON.stringify(found)).not.toContain('s3cret');
  });

  it('is reported together with all the others', async () => {
    const found = await problems({ PORT: 'x', LOG_LEVEL: 'y', TLS_CERT_FILE: 'a.pem', EDGEFLOW_X: '1' });
    expect(found.map((problem) => problem.setting).sort()).toEqual([
      'EDGEFLOW_X',
      'LOG_LEVEL',
      'PORT',
      'TLS_KEY_FILE',
    ]);
  });

  it.each([
    [{ TLS_KEY_FILE: 'key.pem' }, 'TLS_CERT_FILE', 'is missing, though TLS_KEY_FILE is set'],
    [{ PORT: '9000', HTTP_PORT: '9000' }, 'HTTP_PORT', 'is the same as PORT (9000)'],
    [
      { DATABASE_URL: 'postgres://db/fleet' },
      'EDGEFLOW_CLOUD_SECRET_FILE',
      'must be set with PostgreSQL: every node needs the same server keys',
    ],
  ])('may be right alone and wrong together: %o', async (environment, setting, message) => {
    expect(await problems(environment)).toMatchObject([{ setting, message }]);
  });

  it('is not found in plain HTTP to proxies that are named', async () => {
    expect(await problems({ HTTP_HOST: '0.0.0.0', TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual([]);
  });
});

describe('an unknown EDGEFLOW_ setting', () => {
  it('is refused, and a typing error gets the name that was meant', async () => {
    expect(await problems({ EDGEFLOW_CLOUD_BOOTSRAP_TOKEN: token })).toEqual([
      {
        setting: 'EDGEFLOW_CLOUD_BOOTSRAP_TOKEN',
        message: 'is no setting that this version knows',
        nextStep: 'Did you mean EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN?',
      },
    ]);
  });

  it('is told from one of the agent', async () => {
    expect(await problems({ EDGEFLOW_SAAS_URL: 'cloud.example' })).toMatchObject([
      { setting: 'EDGEFLOW_SAAS_URL', message: 'is a setting of the device agent, not of the cloud' },
    ]);
  });

  it('leaves other programs’ settings alone', async () => {
    expect(await problems({ NODE_ENV: 'production', PORTS: 'x', EDGEFLOW_TOKEN: token })).toEqual([]);
  });
});
