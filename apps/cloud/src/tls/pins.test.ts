import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { expect, it } from 'vitest';
import { pinsOf, readChain, spkiPin } from './pins.ts';
import { makeAuthority, makePair } from './test-support.ts';

const isrgRootX1 = rootCertificates.find((pem) =>
  new X509Certificate(pem).subject.includes('CN=ISRG Root X1'),
);

it('a pin is the one that others compute for the same key', () => {
  // As published for Let's Encrypt's root.
  expect(spkiPin(new X509Certificate(isrgRootX1 ?? ''))).toBe(
    'sha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=',
  );
});

it('devices need no pin for a chain of a public authority', () => {
  expect(pinsOf(readChain(isrgRootX1 ?? ''))).toEqual([]);
});

it('devices need the pin of the last certificate in a private chain', async () => {
  const ca = await makeAuthority(Date.now());
  const { chain } = await makePair(ca, Date.now());
  expect(pinsOf(readChain(chain))).toEqual([spkiPin(new X509Certificate(ca.certificatePem))]);
});
