import type { Operator } from './operator.ts';

/** Codes that nobody has been given, made a hundred at a time. */
export class CodeStock {
  readonly #operator: Operator;
  readonly #batch: number;
  #codes: string[] = [];
  #making: Promise<void> | undefined;

  constructor(operator: Operator, batch: number) {
    this.#operator = operator;
    this.#batch = batch;
  }

  async next(): Promise<string> {
    for (;;) {
      const code = this.#codes.pop();
      if (code !== undefined) return code;
      this.#making ??= this.#operator.makeCodes(this.#batch).then((made) => {
        this.#codes = made;
        this.#making = undefined;
      });
      await this.#making;
    }
  }
}
