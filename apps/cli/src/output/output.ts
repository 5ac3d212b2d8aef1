import { printable, printableJson } from '@edgeflow/platform';
import type { CliFailure } from '../failure.ts';

/** Where text goes. `process.stdout` fits. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal, when it is one. */
  readonly columns?: number | undefined;
}

export interface OutputOptions {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** For programs: every document as the cloud sent it, and nothing else on either stream. */
  readonly json: boolean;
}

/**
 * What commands print. Results go to standard output, everything else to standard error, so that a pipe gets results
 * alone. A result may hold a secret (a code, a new key): it is printed once, here, and never to standard error.
 */
export class Output {
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** Columns that a table may fill; undefined when standard output is no terminal, where nothing is cut. */
  get widthMax(): number | undefined {
    const { isTTY, columns } = this.#options.stdout;
    return isTTY === true ? columns : undefined;
  }

  /** One result: the document for programs, or its view for people. */
  show(document: unknown, view: () => string): void {
    const { stdout, json } = this.#options;
    stdout.write(json ? `${printableJson(document, 2)}\n` : view());
  }

  /** One of many results, as it happens: a line for either. */
  line(document: unknown, view: () => string): void {
    const { stdout, json } = this.#options;
    stdout.write(`${json ? printableJson(document) : view()}\n`);
  }

  /** A remark for people. */
  note(text: string): void {
    if (!this.#options.json) this.#options.stderr.write(`${printable(text)}\n`);
  }

  fail({ facts }: CliFailure): void {
    const { stderr, json } = this.#options;
    if (json) {
      stderr.write(`${printableJson(facts)}\n`);
      return;
    }
    const { code, title, detail, next_step, status, request_id, errors = [] } = facts;
    const lines = [
      `edgeflow: ${title} (${status === undefined ? code : `${code}, HTTP ${status}`})`,
      ...(detail === undefined || detail === title ? [] : [`  ${detail}`]),
      ...errors.map(({ field, message }) => (field === '' ? `  ${message}` : `  ${field}: ${message}`)),
      `Next: ${next_step}`,
      ...(request_id === undefined ? [] : [`Request: ${request_id}`]),
    ];
    stderr.write(lines.map((line) => `${printable(line)}\n`).join(''));
  }
}
