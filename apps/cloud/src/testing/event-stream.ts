import { get, type IncomingMessage } from 'node:http';
import { type CloudEvent, eventSchema } from '@edgeflow/contract';
import { eventually } from './eventually.ts';

export interface Received extends CloudEvent {
  /** What `Last-Event-ID` takes. */
  readonly id: number;
}

/** A reader of `GET /api/v1/events`, over a real connection. */
export class EventStream {
  readonly response: IncomingMessage;
  /** Everything received so far, in order. */
  readonly events: Received[] = [];
  /** Lines that are no events: `retry: …`, and comments. */
  readonly others: string[] = [];
  readonly ended: Promise<void>;
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.response = response;
    this.ended = new Promise((resolve) => {
      response.once('close', resolve);
    });
    response.on('error', () => undefined);
  }

  /** @param after the id of the last event that was seen */
  static async open(origin: string, token: string, after?: number | string): Promise<EventStream> {
    const headers = {
      'x-api-key': token,
      ...(after === undefined ? {} : { 'last-event-id': String(after) }),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${origin}/api/v1/events`, { headers, agent: false }, resolve).once('error', reject);
    });
    return new EventStream(response);
  }

  /** Begins to read; until then what is sent waits at the other end. */
  read(): this {
    this.response.setEncoding('utf8').on('data', (chunk: string) => {
      const blocks = (this.#rest + chunk).split('\n\n');
      this.#rest = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    });
    return this;
  }

  /** Waits until so many events have come. */
  async count(wanted: number): Promise<readonly Received[]> {
    await eventually(`${wanted} events`, () => (this.events.length >= wanted ? true : undefined));
    return this.events;
  }

  async close(): Promise<void> {
    this.response.destroy();
    await this.ended;
  }

  #take(block: string): void {
    const parts = /^id: (\d+)\nevent: (\S+)\ndata: (.+)$/.exec(block);
    if (parts === null) {
      this.others.push(block);
      return;
    }
    const event = eventSchema.parse(JSON.parse(parts[3] ?? ''));
    if (event.type !== parts[2]) throw new Error(`"event: ${parts[2] ?? ''}" before a ${event.type}`);
    this.events.push({ ...event, id: Number(parts[1]) });
  }
}
