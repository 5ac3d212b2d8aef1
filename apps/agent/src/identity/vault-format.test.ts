import { createDecipheriv, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { identityDocument } from './identity-document.ts';
import {
  emptyDisk,
  identity,
  identityPath,
  machineA,
  openVault,
  putFile,
  stateFolder,
  withRightCheck,
} from './test-support.ts';

const machineId = machineA.machineId?.value ?? '';

/** Version 1 once more, from its description alone: what another program needs to open a vault file. */
function openByHand(file: Uint8Array, keyMaterial: Uint8Array, info: string): unknown {
  const text = Buffer.from(file).toString();
  const fields = JSON.parse(text) as Record<string, string>;
  const bytes = (name: string): Buffer => Buffer.from(fields[name] ?? '', 'base64');
  const root = Buffer.from(hkdfSync('sha256', keyMaterial, 'edgeflow-vault/1', 'root', 32));
  const key = Buffer.from(hkdfSync('sha256', root, bytes('salt'), info, 32));
  const decipher = createDecipheriv('aes-256-gcm', key, bytes('nonce'));
  decipher.setAAD(Buffer.from(text.slice(0, text.indexOf(',"nonce"'))));
  decipher.setAuthTag(bytes('tag'));
  return JSON.parse(Buffer.concat([decipher.update(bytes('ciphertext')), decipher.final()]).toString());
}

describe('format version 1', () => {
  it('mixes the machine id into a generated key: key and file alone do not open it', async () => {
    const files = await emptyDisk();
    await (await openVault(files)).write(identityDocument, identity);
    const [file, key] = [await files.read(identityPath), await files.read(`${stateFolder}/vault.key`)];
    expect(openByHand(file, key, `edgeflow-vault/1/identity/machine-id/${machineId}`)).toEqual(identity);
    expect(() => openByHand(file, key, 'edgeflow-vault/1/identity')).toThrow('authenticate');
  });

  it('does not mix it into a key that was supplied, and ties the file to it by the associated data', async () => {
    const files = await emptyDisk();
    const key = Uint8Array.from({ length: 32 }, (_, i) => 200 + i);
    await putFile(files, '/etc/vault.key', key);
    const vault = await openVault(files, { keys: { keyFile: '/etc/vault.key' } });
    await vault.write(identityDocument, identity);
    const file = await files.read(identityPath);
    expect(openByHand(file, key, 'edgeflow-vault/1/identity')).toEqual(identity);

    const untied = Buffer.from(file)
      .toString()
      .replace(/"machine_binding":"[^"]+"/, '"machine_binding":null');
    await putFile(files, identityPath, withRightCheck(untied));
    expect(await vault.read(identityDocument)).toMatchObject({ kind: 'unreadable', reason: 'altered' });
  });

  it('opens in every later agent', async () => {
    const files = await emptyDisk();
    await putFile(
      files,
      `${stateFolder}/vault.key`,
      Uint8Array.from({ length: 32 }, (_, i) => i),
    );
    await putFile(files, identityPath, releasedFile);
    const reading = await (await openVault(files)).read(identityDocument);
    expect(reading).toEqual({ kind: 'opened', value: identity, notices: [] });
  });
});

/** Written by the first release, on the machine and with the key of the test above. */
const releasedFile = [
  '{"format":"edgeflow-vault","version":1,"document":"identity","key_source":"generated","key_id":"',
  '32a6f69964764cdf","machine_binding":"9e753922b7e014c95945c3936f3a7f61","salt":"wol4XxxP/2czJ4osh',
  '60cjQ==","nonce":"xwiphdGRoY80ax4U","ciphertext":"z0ot0soTcK/9EJKxR1P1i8wu5rVkyx4nBNAqNx8RawKPDa',
  'JIfHZsZwkvJYHaJLmdf4nmjsaPrxBqR9NjMqcLlaLJxmHeu4TrLTSFGfuRcF6602r+3SC1Fl0BGCkcsZy8j4hBx7JUUGa4Kj',
  'Bj8fgHezejTPOsgPXyYV5cCKYPq2Zh7t6ydnaiHjgvoo/PsmQ9pQR0RfL19OG0iAG1kPaGtixX4oZ3rub8bDMRxKXhlXSIS+',
  'CaOoUTT42TIhQUtnPOd3/EsTlC8oMPwCV1rA==","tag":"Cg5viN06bcy+aw7aq4a+pg==","check":"002c4227ea1f1f',
  '2a"}',
  '\n',
].join('');
