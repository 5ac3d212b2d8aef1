/** One event of a stream. */
export interface ServerSentEvent {
  /** `message` where the stream names none. */
  readonly type: string;
  readonly data: string;
  /** The last id the stream has given, which resumes after this event; empty before the first. */
  readonly id: string;
}

/** Largest event read, in UTF-16 units. */
export const eventLengthMax = 1024 * 1024;

/**
 * Reads `text/event-stream` piece by piece, wherever the pieces are cut.
 * Source: the WHATWG HTML standard, section 9.2.6 "Interpreting an event stream".
 */
export class EventStreamParser {
  /** The last id seen, which an event without data may carry too: what `Last-Event-ID` resumes from. */
  lastEventId: string;
  #rest = '';
  #isFirst = true;
  #type = '';
  #data: string[] = [];

  constructor(lastEventId = '') {
    this.lastEventId = lastEventId;
  }

  /**
   * The events that this piece completes. One that the stream ends in the middle of is never given.
   * @throws RangeError for an event larger than {@link eventLengthMax}.
   */
  push(piece: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let text = this.#rest + piece;
    if (this.#isFirst && text !== '') {
      text = text.replace(/^\ufeff/, '');
      this.#isFirst = false;
    }
    // A CR at the end may be half of a CRLF: it waits for what follows.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    if (this.#rest.length + this.#data.reduce((sum, line) => sum + line.length, 0) > eventLengthMax) {
      throw new RangeError(`an event is larger than ${eventLengthMax} characters`);
    }
    return events;
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    // A comment, which keeps the connection alive.
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.lastEventId = value;
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const data = this.#data;
    const type = this.#type === '' ? 'message' : this.#type;
    this.#data = [];
    this.#type = '';
    return data.length === 0 ? undefined : { type, data: data.join('\n'), id: this.lastEventId };
  }
}
