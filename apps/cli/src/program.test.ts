import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWellFormedApiKey, parseProvisioningCode } from '@edgeflow/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, run, runJson, type RunOptions } from './testing/run.ts';
import { TinyCloud, tinyToken } from './testing/tiny-cloud.ts';

let cloud: TinyCloud;

beforeEach(async () => {
  cloud = await TinyCloud.start();
});
afterEach(async () => {
  await cloud.stop();
});

function edgeflow(argv: readonly string[], options?: RunOptions): Promise<Ran> {
  return run(cloud.url, argv, options);
}

function edgeflowJson(argv: readonly string[]): Promise<unknown> {
  return runJson(cloud.url, argv);
}

/** The cells of a printed table, by row. */
function rowsOf(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
}

describe('codes', () => {
  it('are made as asked, and their text is printed once, on standard output', async () => {
    const { exitCode, stdout, stderr } = await edgeflow([
      ...['codes', 'create', '--count', '3', '--groups', '4', '--name', 'hall 2', '--tag', 'a', '--tag', 'b'],
      ...[
        '--ttl-seconds',
        '3600',
        '--device-name',
        'pump',
        '--group',
        'north',
        '--bind-mac',
        'DC-A6-32-01-02-03',
      ],
    ]);
    expect(exitCode).toBe(0);
    const [titles, ...rows] = rowsOf(stdout);
    expect(titles).toEqual(['CODE', 'ID', 'EXPIRES']);
    expect(rows).toHaveLength(3);
    for (const [code = '', id = ''] of rows) {
      expect(parseProvisioningCode(code)).toHaveLength(16);
      expect(stdout.split(code)).toHaveLength(2);
      expect(stderr).not.toContain(code);
      expect(cloud.registry.codes.get(id)).toMatchObject({
        ...{ name: 'hall 2', tags: ['a', 'b'], group: 'north', device_name: 'pump' },
        bind: { mac_address: 'dc:a6:32:01:02:03' },
      });
    }
    expect(stderr).toBe('The text of a code is shown this once.\n');
  });

  it('are never cut to the width of a terminal: what is cut is lost', async () => {
    const { stdout } = await edgeflow(['codes', 'create', '--groups', '6'], { columns: 20 });
    expect(parseProvisioningCode(rowsOf(stdout)[1]?.[0] ?? '')).toHaveLength(24);
  });

  it('are listed page by page, and all at once', async () => {
    await edgeflow(['codes', 'create', '--count', '5']);
    const first = await edgeflow(['codes', 'list', '--limit', '2']);
    expect(rowsOf(first.stdout)).toHaveLength(3);
    expect(first.stderr).toBe('2 of 5; more with --cursor 2, or --all\n');
    const last = await edgeflow(['codes', 'list', '--limit', '2', '--cursor', '4']);
    expect([rowsOf(last.stdout).length, last.stderr]).toEqual([2, '1 of 5\n']);
    const all = await edgeflow(['codes', 'list', '--limit', '2', '--all']);
    expect([rowsOf(all.stdout).length, all.stderr]).toEqual([6, '5 of 5\n']);
    const document = await edgeflowJson(['codes', 'list', '--all', '--limit', '2']);
    expect(document).toMatchObject({ total: 5, next_cursor: null });
    expect((document as { codes: unknown[] }).codes).toHaveLength(5);
  });

  it('are shown and revoked by their id; a used one is a conflict', async () => {
    await edgeflow(['codes', 'create']);
    const [id = ''] = cloud.registry.codes.keys();
    expect((await edgeflow(['codes', 'show', id])).stdout).toMatch(/^Code +pc_\w+\nStatus +active\n/);
    expect(await edgeflowJson(['codes', 'revoke', id])).toMatchObject({ id, status: 'revoked' });
    const code = cloud.registry.codes.get(id);
    if (code !== undefined) cloud.registry.codes.set(id, { ...code, status: 'used' });
    const refused = await edgeflow(['codes', 'revoke', id]);
    expect(refused).toEqual({
      exitCode: 5,
      stdout: '',
      stderr:
        'edgeflow: A used provisioning code cannot be revoked (code_not_revocable, HTTP 409)\n' +
        'Next: Revoke the device that it made instead.\nRequest: req_tiny\n',
    });
  });
});

describe('devices', () => {
  it('are made beforehand; the key is printed once, on standard output', async () => {
    const { exitCode, stdout, stderr } = await edgeflow([
      'devices',
      'create',
      '--name',
      'pump',
      '--tag',
      'a',
    ]);
    expect(exitCode).toBe(0);
    const [, key = ''] = /API key +(\S+)/.exec(stdout) ?? [];
    expect(isWellFormedApiKey(key)).toBe(true);
    expect(stdout.split(key)).toHaveLength(2);
    expect(stderr).toBe('The key is shown this once.\n');
    expect([...cloud.registry.devices.values()]).toMatchObject([{ name: 'pump', tags: ['a'] }]);
  });

  it('are listed by filter, cut to the terminal', async () => {
    cloud.registry.addDevice({ device_id: 'dev_1', name: `pump ${'x'.repeat(100)}`, status: 'offline' });
    cloud.registry.addDevice({ device_id: 'dev_2', name: 'fan' });
    const { stdout, stderr } = await edgeflow(
      ['devices', 'list', '--search', 'pump', '--status', 'offline'],
      {
        columns: 60,
      },
    );
    expect(rowsOf(stdout)[1]?.slice(0, 2)).toEqual(['dev_1', 'offline']);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    expect(stderr).toBe('1 of 1\n');
    expect((await edgeflow(['devices', 'list'])).stdout).toContain('x'.repeat(100));
  });

  it('cannot command the terminal with what they say of themselves', async () => {
    cloud.registry.addDevice({
      device_id: 'dev_1',
      hardware_info: { board_model: '\u001b]0;owned\u0007Pi', serial_number: 12, arch: null },
      last_close_reason: '\u009b2J',
    });
    for (const argv of [['show', 'dev_1'], ['list'], ['show', 'dev_1', '--json']]) {
      const { stdout } = await edgeflow(['devices', ...argv]);
      expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
    }
    expect((await edgeflow(['devices', 'show', 'dev_1'])).stdout).toContain('\\u001b]0;owned\\u0007Pi');
  });

  it('are shown, renamed, revoked, restored and deleted by their id', async () => {
    cloud.registry.addDevice({ device_id: 'dev_1' });
    expect((await edgeflow(['devices', 'show', 'dev_1'])).stdout).toMatch(/Board +Raspberry Pi 5\n/);
    expect(await edgeflowJson(['devices', 'rename', 'dev_1', 'hall pump'])).toMatchObject({
      name: 'hall pump',
    });
    expect((await edgeflow(['devices', 'revoke', 'dev_1'])).stdout).toMatch(/Status +revoked/);
    expect((await edgeflow(['devices', 'restore', 'dev_1'])).stdout).toMatch(/Status +offline/);
    expect((await edgeflow(['devices', 'quarantine', 'dev_1'])).stdout).toMatch(/Status +quarantined/);
    expect((await edgeflow(['devices', 'status', 'dev_1'])).stdout).toMatch(/Connected +no\n/);
    expect(await edgeflowJson(['devices', 'delete', 'dev_1'])).toEqual({ device_id: 'dev_1', deleted: true });
    const gone = await edgeflow(['devices', 'show', 'dev_1']);
    expect([gone.exitCode, gone.stdout]).toEqual([4, '']);
    expect(gone.stderr).toContain('There is no such device (device_not_found, HTTP 404)');
  });

  it('show both sides where two of them seem to use one identity, and are listed by it', async () => {
    const times = { first_at: '2026-02-21T11:00:00Z', last_at: '2026-02-21T12:00:00Z' };
    const side = { ...times, boot_id: null, address: '192.0.2.7' };
    cloud.registry.addDevice({
      device_id: 'dev_1',
      clone_suspected_at: '2026-02-21T12:00:01Z',
      clone_evidence: {
        rule: 'lives_overlap',
        connections: [
          { ...side, instance: '0123456789abcdef' },
          { ...side, instance: null, address: '198.51.100.9' },
        ],
      },
    });
    const { stdout } = await edgeflow(['devices', 'show', 'dev_1']);
    expect(stdout).toMatch(
      /Clones +suspected since 2026-02-21T12:00:01Z; 0123456789abcdef at 192\.0\.2\.7, from /,
    );
    expect(stdout).toContain('unnamed process at 198.51.100.9');
    expect((await edgeflow(['devices', 'list', '--clones', 'suspected'])).exitCode).toBe(0);
    expect((await edgeflow(['devices', 'list', '--clones', 'proven'])).exitCode).toBe(2);
  });

  it('are offered a new key over the tunnel, or given one at once', async () => {
    cloud.registry.addDevice({ device_id: 'dev_1' });
    const offered = await edgeflow(['devices', 'rotate-key', 'dev_1']);
    expect([offered.exitCode, offered.stderr]).toEqual([0, '']);
    expect(offered.stdout).toMatch(/Offered +when it next connects\n/);
    const replaced = await edgeflow(['devices', 'rotate-key', 'dev_1', '--mode', 'replace']);
    expect(isWellFormedApiKey(/API key +(\S+)/.exec(replaced.stdout)?.[1] ?? '')).toBe(true);
    const wrong = await edgeflow(['devices', 'rotate-key', 'dev_1', '--mode', 'now']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('  mode: ')]);
  });

  it('have the expiry of their key moved by whole days', async () => {
    cloud.registry.addDevice({ device_id: 'dev_1' });
    expect(await edgeflowJson(['devices', 'extend-key', 'dev_1', '30'])).toMatchObject({
      device_id: 'dev_1',
    });
    const wrong = await edgeflow(['devices', 'extend-key', 'dev_1', 'soon']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('It must be a whole number.'),
    ]);
    expect(cloud.requests).toHaveLength(1);
  });
});

describe('a command', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgeflow-cli-'));
    cloud.registry.addDevice({ device_id: 'dev_1' });
    cloud.registry.addDevice({ device_id: 'dev_off', status: 'offline' });
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('carries its payload from the arguments or from a file, and prints what the device says', async () => {
    const direct = await edgeflow(['command', 'dev_1', 'echo', '--payload', '{"a": [1, null]}']);
    expect([direct.exitCode, direct.stdout]).toEqual([0, expect.stringMatching(/Status +success\n/)]);
    expect(direct.stdout).toContain('"a": [\n    1,\n    null\n  ]');
    await writeFile(join(folder, 'payload.json'), '{"b": "\\u009b"}');
    const argv = ['command', 'dev_1', 'echo', '--payload', '@payload.json', '--timeout-ms', '500', '--json'];
    const fromFile = await edgeflow(argv, { workingFolder: folder });
    expect(JSON.parse(fromFile.stdout)).toMatchObject({ status: 'success', data: { b: '\u009b' } });
  });

  it('that the device answers with an error prints the answer and leaves with 7', async () => {
    const { exitCode, stdout, stderr } = await edgeflow(['command', 'dev_1', 'fly', '--json']);
    expect([exitCode, stderr]).toEqual([7, '']);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'error', error: 'unknown action fly' });
  });

  it.each([
    ['dev_1', 'sleep', 7, 'command_timeout'],
    ['dev_off', 'echo', 5, 'device_offline'],
    ['dev_1', 'rotate_key', 2, 'command_reserved'],
    ['dev_none', 'echo', 4, 'device_not_found'],
  ])('to %s, %s, that is not answered leaves with %i and says %s', async (id, action, exitCode, code) => {
    const ran = await edgeflow(['command', id, action, '--json']);
    expect([ran.exitCode, ran.stdout]).toEqual([exitCode, '']);
    expect(JSON.parse(ran.stderr)).toMatchObject({ code, next_step: expect.stringMatching(/\.$/) });
  });

  it('with a payload that is no JSON is not sent, and the payload is not repeated', async () => {
    for (const payload of ['{"password": "secret"', '@nowhere']) {
      const { exitCode, stderr } = await edgeflow(['command', 'dev_1', 'echo', '--payload', payload]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('--payload');
      expect(stderr).not.toContain('secret');
    }
    expect(cloud.requests).toEqual([]);
  });
});

describe('the shadow', () => {
  beforeEach(() => {
    cloud.registry.addDevice({ device_id: 'dev_1' });
  });

  it('is read and its desired half merged', async () => {
    expect((await edgeflow(['shadow', 'get', 'dev_1'])).stdout).toContain('"log_level": "info"');
    expect(await edgeflowJson(['shadow', 'set', 'dev_1', '{"log_level": "debug"}'])).toMatchObject({
      version: 2,
      desired: { log_level: 'debug' },
    });
    const stale = await edgeflow(['shadow', 'set', 'dev_1', '{}', '--if-version', '1']);
    expect([stale.exitCode, stale.stderr]).toEqual([5, expect.stringContaining('version_conflict')]);
  });

  it('takes an object and nothing else', async () => {
    for (const desired of ['[]', '5', 'null', 'log_level=debug']) {
      expect((await edgeflow(['shadow', 'set', 'dev_1', desired])).exitCode, desired).toBe(2);
    }
    expect(cloud.requests).toEqual([]);
  });
});

describe('events', () => {
  it('are printed one a line, from after an id, across a break', async () => {
    cloud.stream.send('device.provisioned', 'dev_1', { code_id: 'pc_1' });
    cloud.stream.send('device.online', 'dev_1');
    const running = edgeflow(['events', '--after', '1', '--count', '2']);
    await cloud.stream.nextReader();
    cloud.stream.break('end');
    cloud.stream.send('a.type.of.the.future', 'dev_2', { evil: '\u009b' });
    const { exitCode, stdout, stderr } = await running;
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      '2  2026-02-21T12:00:00Z  device.online  dev_1  {}\n' +
        '3  2026-02-21T12:00:00Z  a.type.of.the.future  dev_2  {"evil":"\\u009b"}\n',
    );
    expect(stderr).toMatch(/^The cloud ended the stream; going on after event 2 in \d s\n$/);
  });

  it('are one JSON document a line for programs, and nothing else', async () => {
    cloud.stream.send('device.online', 'dev_1', { session: 1 });
    const { stdout, stderr } = await edgeflow(['events', '--after', '0', '--count', '1', '--json']);
    expect(stderr).toBe('');
    expect(stdout.endsWith('}\n')).toBe(true);
    expect(JSON.parse(stdout)).toEqual({
      ...{ id: '1', type: 'device.online', at: '2026-02-21T12:00:00Z', object: 'dev_1' },
      data: { session: 1 },
    });
  });
});

describe('the audit log', () => {
  it('says who did what, with the reason of a failure', async () => {
    const { stdout } = await edgeflow(['audit', 'list', '--outcome', 'failure']);
    expect(rowsOf(stdout)[1]).toEqual([
      ...[
        '2026-02-21T12:00:00Z',
        'anonymous -',
        'device.provision',
        '-',
        'failure: code_unknown',
        '192.0.2.1',
      ],
    ]);
    expect(await edgeflowJson(['audit', 'list'])).toMatchObject({ total: 2 });
    expect(cloud.requests[0]).toBe('GET /api/v1/audit-log?outcome=failure');
  });
});

describe('the description of the API', () => {
  it('is printed as JSON, and needs no token', async () => {
    const { exitCode, stdout } = await edgeflow(['openapi'], { environment: { EDGEFLOW_URL: cloud.url } });
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { openapi: '3.1.0', info: { title: 'EdgeFlow' } }]);
  });
});

describe('the organization', () => {
  it('is shown, and its name and policy are changed', async () => {
    expect((await edgeflow(['organization', 'show'])).stdout).toMatch(
      /Devices +3 of 10\nClones +keep_newest\n/,
    );
    const set = ['organization', 'set'];
    expect((await edgeflow([...set, '--clone-policy', 'quarantine'])).stdout).toMatch(/Clones +quarantine\n/);
    expect(await edgeflowJson([...set, '--name', 'Fans'])).toMatchObject({
      ...{ name: 'Fans', clone_policy: 'quarantine' },
    });
    expect((await edgeflow([...set, '--clone-policy', 'shrug'])).exitCode).toBe(2);
    expect((await edgeflow(set)).stderr).toContain('Add --name or --clone-policy.');
  });
});

describe('the command line', () => {
  it('never takes a token among its arguments, and does not repeat the one it was given', async () => {
    for (const argv of [['--token', tinyToken], [`--token=${tinyToken}`]]) {
      const { exitCode, stdout, stderr } = await edgeflow([...argv, 'devices', 'list']);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/--token-file/);
      expect(stderr).not.toContain(tinyToken);
    }
    expect(cloud.requests).toEqual([]);
  });

  it('says what is missing: the address, then the token', async () => {
    const without = (environment: Record<string, string>): Promise<Ran> =>
      edgeflow(['devices', 'list'], { environment });
    expect(await without({})).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Set EDGEFLOW_URL'),
    });
    expect(await without({ EDGEFLOW_URL: cloud.url })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Set EDGEFLOW_TOKEN'),
    });
  });

  it('with a wrong token leaves with 3 and the next step', async () => {
    const environment = { EDGEFLOW_URL: cloud.url, EDGEFLOW_TOKEN: 'wrong' };
    const { exitCode, stderr } = await edgeflow(['devices', 'list'], { environment });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('Next: Send X-API-Key: or Authorization: Bearer with a valid operator token.');
  });

  it('helps on standard output, and names every setting and exit code', async () => {
    for (const argv of [['--help'], ['help'], ['devices', '--help'], ['--version']]) {
      expect(await edgeflow(argv)).toMatchObject({ exitCode: 0, stderr: '' });
    }
    const { stdout } = await edgeflow(['--help']);
    for (const name of [
      'EDGEFLOW_URL',
      'EDGEFLOW_TOKEN',
      'EDGEFLOW_CA_FILE',
      'HTTPS_PROXY',
      '7 the device',
    ]) {
      expect(stdout).toContain(name);
    }
    expect(stdout).not.toContain('--token <');
  });

  it.each([
    [['devces'], /unknown command 'devces'/],
    [['devices', 'show'], /missing required argument 'id'/],
    [['devices', 'list', '--colour'], /unknown option '--colour'/],
    [['devices', 'list', '--limit', 'many'], /It must be a whole number/],
    [[], /Usage: edgeflow/],
  ])('%j leaves with 2 and says why', async (argv, message) => {
    const { exitCode, stdout, stderr } = await edgeflow(argv);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('takes an id that looks like a path for an id', async () => {
    const { exitCode } = await edgeflow(['devices', 'delete', '../provisioning-codes/pc_1']);
    expect(exitCode).toBe(4);
    expect(cloud.requests).toEqual(['DELETE /api/v1/devices/..%2Fprovisioning-codes%2Fpc_1']);
    expect((await edgeflow(['devices', 'delete', '..'])).exitCode).toBe(2);
  });
});
