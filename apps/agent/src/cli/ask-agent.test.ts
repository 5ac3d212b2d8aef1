import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { makeCertificate } from '../net/testing/certificates.ts';
import { closeAll, keep } from '../net/testing/cleanup.ts';
import { startHttp, startHttps } from '../net/testing/servers.ts';
import { askAgent } from './ask-agent.ts';

afterEach(closeAll);

const token = 'the token of this device';

it('the token is shown to the agent over TLS alone: without it the agent asks for none', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const certificate = await makeCertificate({ name: 'pi' });
  const plain = keep(
    await startHttp((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    }),
  );
  const secure = keep(
    await startHttps([certificate], (request, response) => {
      seen.push(request.headers);
      response.end('{}');
    }),
  );
  const place = { host: '0.0.0.0', token };
  await askAgent({ ...place, port: plain.port, tls: undefined }, '/nowhere', '/');
  await askAgent({ ...place, port: secure.port, tls: certificate }, '/nowhere', '/');
  expect(seen.map((headers) => headers['x-edgeflow-token'])).toEqual([undefined, token]);
});
