import type { ServerResponse } from 'node:http';

/** Server-sent events that a test sends, kept so that a reader resumes after any of them. */
export class TinyStream {
  readonly #readers = new Set<ServerResponse>();
  readonly #sent: string[] = [];
  #waiting: (() => void)[] = [];
  #alone = Promise.withResolvers<undefined>();
  /** What each reader asked to resume after. */
  readonly resumed: (string | undefined)[] = [];

  attach(response: ServerResponse, lastEventId: string | string[] | undefined): void {
    const after = typeof lastEventId === 'string' ? lastEventId : undefined;
    this.resumed.push(after);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.write(': hello\n\n');
    if (after !== undefined) for (const text of this.#sent.slice(Number(after))) response.write(text);
    this.#readers.add(response);
    response.on('close', () => {
      this.#readers.delete(response);
      if (this.#readers.size === 0) this.#alone.resolve(undefined);
    });
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** The next id is one more than the last: 1, 2, 3 … */
  send(type: string, object: string, data: object = {}): void {
    const document = { type, at: '2026-02-21T12:00:00Z', object, data };
    const text = `id: ${this.#sent.length + 1}\nevent: ${type}\ndata: ${JSON.stringify(document)}\n\n`;
    this.#sent.push(text);
    this.write(text);
  }

  /** Raw text to every reader. */
  write(text: string): void {
    for (const reader of this.#readers) reader.write(text);
  }

  /** Ends every stream, politely or as a crash does. */
  break(how: 'end' | 'reset'): void {
    for (const reader of this.#readers) {
      if (how === 'end') reader.end();
      else reader.destroy();
    }
    this.#readers.clear();
  }

  /** Resolves when the next reader has come. */
  async nextReader(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Resolves when the last reader has left. */
  async noReaders(): Promise<void> {
    await this.#alone.promise;
  }
}
