import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type AgentProcess, freePort, startAgent } from './support/agent-process.ts';
import { runCloudCommand } from './support/cloud-command.ts';
import { type CloudProcess, startCloud } from './support/cloud-process.ts';

/**
 * The whole story in two real processes: a cloud, a code, a `.env`, an agent, online. Nothing outside a temporary
 * folder is touched, and both run until Ctrl-C (or end with `--exit`).
 */

const localPort = 8080;
const onlineMs = 30_000;
/** Sets the time of a phase apart from its words. */
const columnWidth = 78;

const { values: options } = parseArgs({
  options: { exit: { type: 'boolean', default: false }, root: { type: 'string' } },
});
let folder: string | undefined;
let cloud: CloudProcess | undefined;
let agent: AgentProcess | undefined;
let sinceMs = performance.now();

function say(step: string): void {
  const nowMs = performance.now();
  process.stdout.write(`${step.padEnd(columnWidth)} ${String(Math.round(nowMs - sinceMs)).padStart(6)} ms\n`);
  sinceMs = nowMs;
}

async function tell(): Promise<void> {
  const startedMs = performance.now();
  folder = mkdtempSync(join(tmpdir(), 'edgeflow-demo-'));
  cloud = await startCloud({ folder });
  say(`cloud      ready at ${cloud.url}, SQLite, TLS by its own development CA`);

  const made = await cloud.call('POST', '/api/v1/provisioning-codes', { name: 'demo', ttl_seconds: 3600 });
  const { codes } = made.json as { codes: [{ code: string }] };
  const [{ code }] = codes;
  say(`code       ${code}, single use, valid 1 hour (POST /api/v1/provisioning-codes)`);

  const port = await freePort(localPort);
  agent = startAgent({
    folder,
    port,
    settings: {
      EDGEFLOW_SAAS_URL: cloud.url,
      EDGEFLOW_SAAS_TLS_PIN: cloud.pin,
      EDGEFLOW_PROVISIONING_CODE: code,
    },
    args: options.root === undefined ? [] : ['--root', options.root],
  });
  say(`.env       ${join(folder, '.env')}: the code in one line; agent started`);

  await agent.until('its local API', () => true, onlineMs);
  say(`agent      up, its status at ${agent.url}/api/v1/saas/status`);
  const claimed = await agent.until('a device id', (status) => status.device_id !== null, onlineMs);
  say(`identity   ${claimed.device_id ?? ''}: code redeemed, key stored encrypted (AES-256-GCM)`);
  const online = await agent.until(
    'status online',
    (status) => status.connected && status.last_heartbeat !== null,
    onlineMs,
  );
  say('tunnel     open, first heartbeat answered');

  const seen = await cloud.call('GET', `/api/v1/devices/${online.device_id ?? ''}`);
  const device = seen.json as { status: string; hardware_info: Record<string, unknown> };
  if (device.status !== 'online') throw new Error(`the cloud says ${device.status}, not online`);
  const { arch, board_model: board, cpu_cores: cores, ram_mb: ram } = device.hardware_info;
  const hardware = `${String(board)}, ${String(cores)} × ${String(arch)}, ${String(ram)} MB`;
  say(`cloud      sees it online: ${hardware}`);
  say(`total      from nothing to online: ${String(Math.round(performance.now() - startedMs))} ms`);
  process.stdout.write(`${JSON.stringify(online)}\n`);
  // Nobody would open it.
  if (!options.exit) process.stdout.write(`Open the dashboard as its owner: ${await ownerLink(cloud)}\n`);
  process.stdout.write(`API ${cloud.plainUrl}/docs · status: curl ${agent.url}/api/v1/saas/status\n`);
}

/**
 * Makes the owner with the link that the cloud printed, and asks the command line for a link that signs in once: the
 * way that whoever runs a cloud has, too.
 */
async function ownerLink(running: CloudProcess): Promise<string> {
  const secret = await running.waitFor(
    'its set-up link',
    (line) => /\/setup#(\S+)/.exec(line)?.[1],
    onlineMs,
  );
  const email = 'owner@demo.example';
  const owner = { name: 'Demo owner', email, password: randomBytes(24).toString('base64url') };
  const made = await running.call('POST', '/api/v1/setup', { secret, ...owner, organization_name: 'Demo' });
  if (made.status !== 201) throw new Error(`the cloud took no owner: ${made.text}`);
  const { stderr, stdout } = await runCloudCommand(running, ['sign-in-link', '--email', email]);
  const link = URL.parse(stdout.trim());
  if (link === null) throw new Error(`no link was printed: ${stderr}`);
  link.searchParams.set('to', '/devices');
  return link.href;
}

async function end(code: number): Promise<never> {
  await Promise.allSettled([agent, cloud].map((running) => running?.stop() ?? Promise.resolve(null)));
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

process.once('SIGINT', () => void end(0));
process.once('SIGTERM', () => void end(0));
try {
  await tell();
  if (options.exit) await end(0);
} catch (error) {
  process.stderr.write(`demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  await end(1);
}
