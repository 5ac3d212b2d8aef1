import { execFileSync } from 'node:child_process';
import {
  formatCloudInit,
  formatEnvFile,
  formatEnvFileOfLink,
  formatInstallCommand,
  formatProvisioningLink,
  formatShellCommand,
  makeProvisioningCode,
  type OnboardingSettings,
} from '@edgeflow/contract';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readEnvFile } from './env-file.ts';
import { collectSettings } from './sources.ts';

const path = '/etc/edgeflow/.env';

async function filesWith(text: string): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  await files.makeFolder('/etc/edgeflow');
  await files.write(path, new TextEncoder().encode(text), 0o600);
  return files;
}

const code = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.uint8Array({ minLength: 24, maxLength: 24 }))
  .map(([groups, bytes]) => makeProvisioningCode(groups, (length) => bytes.slice(0, length)));
const pin = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `sha256/${Buffer.from(bytes).toString('base64')}`);
const cloudUrl = fc.oneof(fc.webUrl(), fc.constantFrom('https://[fd00::1]:8443', 'http://127.0.0.1:3000'));
const codeSettings = fc.record({
  cloudUrl,
  pins: fc.array(pin, { maxLength: 3 }),
  identity: fc.record({ kind: fc.constant('code' as const), code }),
});

/** Visible ASCII with every sign that a file, a shell or YAML may take for something else. */
const awkward = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...`'"\`\\#$=!&;|<>(){}[]*?~%:-`),
      fc.integer({ min: 0x21, max: 0x7e }).map((unit) => String.fromCharCode(unit)),
    ),
    minLength: 1,
    maxLength: 20,
  })
  .filter((text) => !["'", '"', '`'].every((quote) => text.includes(quote)))
  .filter((text) => !(text.includes("'") && text.includes('`') && text.includes('\\')));
const awkwardSettings: fc.Arbitrary<OnboardingSettings> = fc.record({
  cloudUrl: awkward,
  pins: fc.constant([]),
  identity: fc.record({ kind: fc.constant('credentials' as const), deviceId: awkward, apiKey: awkward }),
});

it('a made file of settings says to the agent what it was made from, and nothing to warn of', async () => {
  await fc.assert(
    fc.asyncProperty(codeSettings, async (settings) => {
      const files = await filesWith(formatEnvFile(settings));
      const collected = await collectSettings({ files, environment: {}, envFile: path });
      expect(collected).toEqual({
        settings: {
          EDGEFLOW_SAAS_ENABLED: true,
          EDGEFLOW_SAAS_URL: settings.cloudUrl,
          ...(settings.pins.length === 0 ? {} : { EDGEFLOW_SAAS_TLS_PIN: settings.pins }),
          EDGEFLOW_PROVISIONING_CODE: settings.identity.code,
        },
        problems: [],
        warnings: [],
      });
    }),
  );
});

it('a file of a link gives the agent the whole link', async () => {
  await fc.assert(
    fc.asyncProperty(codeSettings, async ({ cloudUrl: url, identity, pins }) => {
      const link = formatProvisioningLink({ cloudUrl: url, code: identity.code, pins });
      const files = await filesWith(formatEnvFileOfLink(link));
      const { problems, settings, warnings } = await collectSettings({
        files,
        environment: {},
        envFile: path,
      });
      expect([problems, warnings]).toEqual([[], []]);
      expect(settings).toEqual({ EDGEFLOW_SAAS_ENABLED: true, EDGEFLOW_PROVISIONING_LINK: link });
    }),
  );
});

it('a value comes back as it was, whatever quotes and marks it holds', async () => {
  await fc.assert(
    fc.asyncProperty(awkwardSettings, async ({ cloudUrl: url, identity }) => {
      if (identity.kind !== 'credentials') return;
      const text = formatEnvFile({ cloudUrl: url, pins: [], identity });
      const reading = await readEnvFile(await filesWith(text), path, false);
      expect(reading.ok && { ...reading.file.values }).toEqual({
        EDGEFLOW_SAAS_ENABLED: 'true',
        EDGEFLOW_SAAS_URL: url,
        EDGEFLOW_DEVICE_ID: identity.deviceId,
        EDGEFLOW_API_KEY: identity.apiKey,
      });
    }),
  );
});

it.each(['', 'a b', 'a\nEDGEFLOW_X=1', 'ä', `'"\``])(
  'a value that no line can hold is refused: %j',
  (value) => {
    const identity = { kind: 'code', code: 'PROV-A1B2-C3D4' } as const;
    expect(() => formatEnvFile({ cloudUrl: value, pins: [], identity })).toThrow(RangeError);
  },
);

it('the shell command pipes exactly these settings into install, and names no secret in its arguments', () => {
  // Stand-ins for sudo and what it runs: what was piped, then each argument in brackets.
  const stubs = 'sudo() { [ "$1" = systemctl ] || cat; for one; do printf "[%s]" "$one"; done; }';
  const check = (settings: OnboardingSettings): void => {
    const command = formatShellCommand(formatEnvFile(settings));
    expect(command).not.toMatch(/[\r\n]/);
    const output = execFileSync('sh', ['-c', `${stubs}; ${command}`], { encoding: 'utf8' });
    const [, ...lines] = formatEnvFile(settings).split('\n');
    const install = `[install][-D][-m][600][/dev/stdin][${path}]`;
    expect(output).toBe(`${lines.join('\n')}${install}[systemctl][restart][edgeflow-agent]`);
  };
  fc.assert(fc.property(fc.oneof(codeSettings, awkwardSettings), check), { numRuns: 50 });
});

it.each(['there is no such unit', 'there is no systemd at all', 'the settings cannot be written'])(
  'the shell command fails for its settings alone: %s',
  (trouble) => {
    const stubs = {
      'there is no such unit': '[ "$1" != systemctl ] || { echo "Unit not found." >&2; return 5; }; cat',
      'there is no systemd at all': '[ "$1" != systemctl ] || return 127; cat',
      'the settings cannot be written': 'cat >/dev/null; return 1',
    }[trouble];
    const code = 'PROV-A1B2-C3D4';
    const envFile = formatEnvFile({
      ...{ cloudUrl: 'https://c.example', pins: [] },
      identity: { kind: 'code', code },
    });
    const script = `sudo() { ${stubs ?? ''}; }; ${formatShellCommand(envFile)}; echo "ended $?"`;
    const output = execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: 'pipe' });
    if (trouble === 'the settings cannot be written') {
      expect(output).toBe('ended 1\n');
    } else {
      expect(output).toContain(code);
      expect(output).toContain('start the agent by hand.\nended 0\n');
    }
  },
);

it.each(['edgeflow.env', 'pump 7.env', "it's.env", '-rf.env', '$(reboot).env'])(
  'the install command names the file %j as one word that is no option',
  (name) => {
    const print = 'sudo() { for one; do printf "[%s]" "$one"; done; }';
    const output = execFileSync('sh', ['-c', `${print}; ${formatInstallCommand(name)}`], {
      encoding: 'utf8',
    });
    const word = name.startsWith('-') ? `./${name}` : name;
    expect(output).toBe(`[install][-D][-m][600][${word}][${path}]`);
  },
);

it('cloud-init writes exactly the file, readable by root alone', () => {
  const check = (settings: OnboardingSettings): void => {
    const text = formatCloudInit(formatEnvFile(settings));
    expect(text.startsWith('#cloud-config\n')).toBe(true);
    expect(parse(text)).toEqual({
      write_files: [{ path, owner: 'root:root', permissions: '0600', content: formatEnvFile(settings) }],
      runcmd: [['systemctl', 'restart', '--no-block', 'edgeflow-agent']],
    });
  };
  fc.assert(fc.property(fc.oneof(codeSettings, awkwardSettings), check));
});
