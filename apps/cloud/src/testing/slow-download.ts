import { get, type IncomingMessage } from 'node:http';
import { type OperationName, operations } from '@edgeflow/contract';
import type { ApiClient } from './api-client.ts';
import type { TestCloud } from './test-cloud.ts';

/** What has come when a download is over. */
export interface Downloaded {
  readonly bytes: Buffer;
  readonly text: string;
  /** Whether it ended, and was not broken off. */
  readonly isWhole: boolean;
}

/** A file of which nothing is read, so that the cloud waits with the rest of it, before {@link rest} is called. */
export class SlowDownload {
  readonly #response: IncomingMessage;
  readonly #closed: Promise<void>;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.#closed = new Promise((resolve) => {
      response.once('close', resolve);
    });
    response.on('error', () => undefined);
  }

  static async open(origin: string, token: string, name: OperationName, id = ''): Promise<SlowDownload> {
    const url = origin + operations[name].path.replace(':id', id);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { headers: { 'x-api-key': token }, agent: false }, resolve).once('error', reject);
    });
    if (response.statusCode !== 200) throw new Error(`${name}: ${String(response.statusCode)}`);
    return new SlowDownload(response);
  }

  /** Everything from its beginning to where it ends. */
  async rest(): Promise<Downloaded> {
    const chunks: Buffer[] = [];
    this.#response.on('data', (chunk: Buffer) => chunks.push(chunk));
    await this.#closed;
    const bytes = Buffer.concat(chunks);
    return { bytes, text: bytes.toString(), isWhole: this.#response.complete };
  }
}

/** Opens a file and ends the token that it was opened with; the cloud has looked at it again since. */
export async function openAndLeave(
  { origin, time }: TestCloud,
  owner: ApiClient,
  name: OperationName,
  id?: string,
): Promise<SlowDownload> {
  const { details, token } = await owner.call('createToken', 201, {
    body: { name: 'leaves', role: 'operator' },
  });
  const download = await SlowDownload.open(origin, token, name, id);
  await owner.call('revokeToken', 204, { id: details.id });
  await time.advance(3_000);
  return download;
}
