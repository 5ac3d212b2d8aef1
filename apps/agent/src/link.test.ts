import { formatProvisioningLink } from '@edgeflow/contract';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from './net/testing/certificates.ts';
import { closeAll, keep } from './net/testing/cleanup.ts';
import { type ScriptedCloud, startScriptedCloud } from './net/testing/scripted-cloud.ts';
import { type RealAgent, startRealAgent } from './testing/real-agent.ts';

let authority: TestCertificate;
let chain: readonly TestCertificate[];

beforeAll(async () => {
  authority = await makeCertificate({ name: 'CA', isAuthority: true });
  chain = [await makeCertificate({ name: 'cloud', issuer: authority }), authority];
});

afterEach(closeAll);

function linkTo({ url }: ScriptedCloud, pin = authority.pin): string {
  return formatProvisioningLink({ cloudUrl: url, code: 'PROV-A1B2-C3D4', pins: [pin] });
}

/** A device that has been given nothing but a link. */
async function device(link: string): Promise<RealAgent> {
  return keep(await startRealAgent({ settings: { EDGEFLOW_PROVISIONING_LINK: `"${link}"` } }));
}

describe('a provisioning link', () => {
  it('is all that a device needs: address, code and whom to trust', async () => {
    const cloud = await startScriptedCloud({ chain });
    const agent = await device(linkTo(cloud));
    await agent.until(({ status }) => status === 'online');
    expect(agent.status().cloud_url).toBe(cloud.url);
    expect(agent.log.join('')).not.toContain('A1B2');
  });

  it('with the pin of another cloud sends the code to nobody', async () => {
    const cloud = await startScriptedCloud({ chain });
    const other = await makeCertificate({ name: 'other' });
    const agent = await device(linkTo(cloud, other.pin));
    const { last_error: error } = await agent.until(({ last_error }) => last_error !== null);
    expect(error).toMatchObject({ code: 'tls_pin_mismatch' });
    expect(cloud.asked).toEqual([]);
  });

  it('with one wrong character connects to nobody, and says so', async () => {
    const cloud = await startScriptedCloud({ chain });
    const agent = await device(linkTo(cloud).replace('A1B2', 'A1B3'));
    const { last_error: error } = await agent.until(({ last_error }) => last_error !== null);
    expect(error).toMatchObject({
      code: 'settings_invalid',
      message: expect.stringContaining('wrong or swapped character') as string,
    });
    expect(cloud.asked).toEqual([]);
  });
});
