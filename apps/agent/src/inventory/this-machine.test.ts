import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { systemFiles } from '@edgeflow/platform';
import { readInventory, systemHostFacts } from './index.ts';

it('reads the machine these tests run on, the same way twice', async () => {
  const deps = { files: systemFiles, root: '/', host: systemHostFacts(), agentVersion: '0.0.1' };
  const first = await readInventory(deps);
  expect(await readInventory(deps)).toStrictEqual(first);
  expect(first.hardware_info).toMatchObject({
    board_model: expect.stringMatching(/\w/),
    cpu_cores: expect.toSatisfy((cores: number) => cores >= deps.host.cpuCount),
    ram_mb: expect.toSatisfy((megabytes: number) => megabytes > 64),
    os: process.platform === 'win32' ? 'windows' : process.platform,
    kernel: deps.host.kernelRelease,
    agent_version: '0.0.1',
  });
  expect(first.network_info.hostname).toBe(deps.host.hostname);
  const { ip_address: address } = first.network_info;
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  if (address !== undefined) expect(own.map((entry) => entry.address)).toContain(address);
});
