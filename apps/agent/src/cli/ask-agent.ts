import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { posix } from 'node:path';
import { ByteCollector, systemFiles } from '@edgeflow/platform';
import { type AgentConfig, type ConfigResult, serverDefault, stateFolderDefault } from '../config.ts';
import { localTokenName } from '../identity/index.ts';
import { isLoopbackHost } from '../net/index.ts';

/** A diagnosis opens connections and waits for them. */
const answerSecondsMax = 60;
/** Many times what any of them is, in bytes: another program may listen there. */
const answerBytesMax = 256 * 1024;

/** Told to whoever may not read the settings, and asks a device that may be well. */
export const runAsAgent = 'Run this command as the user of the agent (sudo).';

/**
 * Where the running agent is to be found. Its settings are closed to most users, whom it answers all the same: without
 * them the place where it listens by default is tried. undefined: the settings are wrong.
 */
export function placeToAsk(reading: ConfigResult): Pick<AgentConfig, 'server' | 'stateFolder'> | undefined {
  if (reading.ok) return reading.config;
  const isDenied = reading.problems.some((problem) => problem.isDenied === true);
  return isDenied ? { server: serverDefault, stateFolder: stateFolderDefault } : undefined;
}

/** Off loopback even reading needs the token; where this user may not read it, the agent will say so. */
async function storedToken(stateFolder: string): Promise<string | undefined> {
  const bytes = await systemFiles.read(posix.join(stateFolder, localTokenName)).catch(() => undefined);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1').trim();
}

/** One GET of the running agent's local API. @throws an error when it does not answer with 200. */
export async function askAgent(
  { host, port, tls, token: ownToken }: AgentConfig['server'],
  stateFolder: string,
  path: string,
): Promise<string> {
  const token = ownToken ?? (await storedToken(stateFolder));
  const target = {
    // An agent that listens on every address is reached on loopback.
    host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host,
    port,
    path,
    // Without TLS it listens on loopback alone, where reading needs no token; a name may lead elsewhere.
    headers:
      token === undefined || tls === undefined || isLoopbackHost(host) ? {} : { 'x-edgeflow-token': token },
    timeout: answerSecondsMax * 1000,
  };
  return new Promise((resolve, reject) => {
    // The certificate is the very one of our settings, whatever name it bears.
    const request =
      tls === undefined
        ? httpRequest(target)
        : httpsRequest({ ...target, ca: tls.certificatePem, checkServerIdentity: () => undefined });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('response', (response) => {
      const collector = new ByteCollector(answerBytesMax);
      response.on('data', (chunk: Buffer) => {
        if (!collector.add(chunk)) request.destroy(new Error('the answer is too large'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(new TextDecoder().decode(collector.bytes()));
        else reject(new Error('not a status'));
      });
    });
    request.end();
  });
}
