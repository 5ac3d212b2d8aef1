import { describe, expect, it } from 'vitest';
import {
  type Arrival,
  arrive,
  type History,
  isSuperseded,
  livesMax,
  noHistory,
  pardoned,
  type Suspicion,
  witness,
  yieldsInRowMax,
  yieldsWindowMs,
} from './decide.ts';

/** A device's record, written as a story: who was accepted, and who gave a sign of life. */
class Record {
  history: History = noHistory;
  suspicion: Suspicion | undefined;
  #epoch = 0;
  #nowMs = 0;

  /** The next connection; `null` for a device that sends no `instance`. Returns its epoch. */
  accept(instance: string | null, more: Partial<Arrival> = {}): number {
    this.#epoch += 1;
    const arrival = { instance, boot: null, address: '192.0.2.1', ...more };
    this.history = arrive(this.history, arrival, this.#epoch, this.#nowMs);
    return this.#epoch;
  }

  /** The process behind connection `epoch` answered a probe that was sent after it was accepted. */
  answers(instance: string | null, epoch: number): this {
    return this.#witness(instance, epoch, epoch);
  }

  /** Connection `epoch` acknowledged that connection `by` took its place. */
  yields(instance: string | null, epoch: number, by: number): this {
    return this.#witness(instance, epoch, by);
  }

  wait(delayMs: number): this {
    this.#nowMs += delayMs;
    return this;
  }

  #witness(instance: string | null, epoch: number, aliveAfter: number): this {
    const { history, suspicion } = witness(this.history, { instance, epoch, aliveAfter }, this.#nowMs);
    this.history = history;
    this.suspicion = suspicion ?? this.suspicion;
    return this;
  }
}

describe('two processes that are alive at once', () => {
  it('are found once each was alive when the other had come: A, B, A answers, B makes way', () => {
    const record = new Record();
    const a = record.accept('a', { address: '192.0.2.1', boot: 'x' });
    const b = record.accept('b', { address: '192.0.2.2', boot: 'y' });
    record.yields('a', a, b);
    const again = record.accept('a', { address: '192.0.2.1', boot: 'x' });
    expect(record.yields('b', b, again).suspicion).toBeUndefined();
    expect(record.answers('a', again).suspicion).toMatchObject({
      rule: 'lives_overlap',
      lives: [
        { instance: 'a', boot: 'x', address: '192.0.2.1' },
        { instance: 'b', boot: 'y', address: '192.0.2.2' },
      ],
    });
  });

  it('are found in whichever order the signs come in', () => {
    const record = new Record();
    record.accept('a');
    const b = record.accept('b');
    const again = record.accept('a');
    expect(record.answers('a', again).suspicion).toBeUndefined();
    expect(record.yields('b', b, again).suspicion?.rule).toBe('lives_overlap');
  });

  it('are found by their returns alone, where a library acknowledges no close', () => {
    const record = new Record();
    record.accept('a');
    record.accept('b');
    record.answers('a', record.accept('a'));
    record.answers('b', record.accept('b'));
    expect(record.suspicion).toBeUndefined();
    expect(record.answers('a', record.accept('a')).suspicion?.rule).toBe('lives_overlap');
  });

  it('are found though years lie between their connections', () => {
    const record = new Record();
    record.accept('a');
    record.wait(3 * 365 * 24 * 3600_000);
    const b = record.accept('b');
    const again = record.accept('a');
    expect(record.answers('a', again).yields('b', b, again).suspicion?.rule).toBe('lives_overlap');
  });

  it('are found where one of them sends no instance', () => {
    const record = new Record();
    record.accept('a');
    const older = record.accept(null);
    const again = record.accept('a');
    expect(record.yields(null, older, again).answers('a', again).suspicion?.rule).toBe('lives_overlap');
  });

  it('are found while a third restarts again and again', () => {
    const record = new Record();
    record.accept('a');
    for (let restart = 0; restart < livesMax - 2; restart += 1) record.accept(`restarted ${String(restart)}`);
    const b = record.accept('b');
    const again = record.accept('a');
    expect(record.answers('a', again).yields('b', b, again).suspicion?.rule).toBe('lives_overlap');
  });
});

describe('one device is not accused', () => {
  it('for restarting, however often and fast', () => {
    const record = new Record();
    for (let restart = 0; restart < 50; restart += 1) record.accept(`process ${String(restart)}`);
    expect(record.suspicion).toBeUndefined();
    expect(record.history.lives).toHaveLength(livesMax);
  });

  it('for reconnecting from one address after another, with old sockets that still answer', () => {
    const record = new Record();
    let last = record.accept('a');
    for (let move = 0; move < 20; move += 1) {
      const next = record.accept('a', { address: `192.0.2.${String(move)}` });
      record.yields('a', last, next).answers('a', next);
      last = next;
    }
    expect(record.suspicion).toBeUndefined();
    expect(record.history).toMatchObject({ lives: [{ instance: 'a', first: 1 }], yields: [] });
  });

  it('for connect frames of its former process that arrive late, however many', () => {
    const record = new Record();
    record.accept('former');
    let living = record.accept('living');
    for (let late = 0; late < 10; late += 1) {
      const delayed = record.accept('former');
      record.yields('living', living, delayed);
      living = record.accept('living');
      record.answers('living', living);
    }
    expect(record.suspicion).toBeUndefined();
  });

  it('for a connect frame of its former process that comes after the living one for the first time', () => {
    const record = new Record();
    const living = record.accept('living');
    const delayed = record.accept('former');
    record.yields('living', living, delayed);
    record.answers('living', record.accept('living'));
    expect(record.suspicion).toBeUndefined();
  });

  it('when its memory is put back as it was before a restart', () => {
    const record = new Record();
    record.accept('in the image');
    record.accept('restarted');
    record.accept('restarted');
    record.answers('in the image', record.accept('in the image'));
    record.answers('in the image', record.accept('in the image'));
    record.accept('restarted once more');
    expect(record.suspicion).toBeUndefined();
  });

  it('when its memory is put back after a frame of its former process had come late', () => {
    const record = new Record();
    record.accept('in the image');
    const living = record.accept('living');
    record.yields('living', living, record.accept('former, dead'));
    record.answers('living', record.accept('living'));
    record.answers('in the image', record.accept('in the image'));
    expect(record.suspicion).toBeUndefined();
  });

  it('when its new process starts before the old one has ended', () => {
    const record = new Record();
    const old = record.accept('old');
    record.yields('old', old, record.accept('new'));
    expect(record.suspicion).toBeUndefined();
  });

  it('that sends no instance, for half-open sockets, however many', () => {
    const record = new Record();
    for (let attempt = 0; attempt < 50; attempt += 1) record.accept(null);
    expect(record.suspicion).toBeUndefined();
  });
});

describe('connections that name no process', () => {
  /** So many connections, each alive when the next one took its place. */
  function alternate(record: Record, times: number, everyMs: number): Record {
    let last = record.accept(null);
    for (let time = 0; time < times; time += 1) {
      record.wait(everyMs);
      const next = record.accept(null, { address: `192.0.2.${String(next0(time))}` });
      record.yields(null, last, next);
      last = next;
    }
    return record;
  }
  const next0 = (time: number): number => (time % 2) + 1;

  it('are suspected once each side has come back twice, and not before', () => {
    expect(alternate(new Record(), yieldsInRowMax - 1, 1_000).suspicion).toBeUndefined();
    const { suspicion } = alternate(new Record(), yieldsInRowMax, 1_000);
    expect(suspicion?.rule).toBe('connections_alternate');
    expect(suspicion?.lives.map(({ address }) => address).sort()).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('are not suspected when they take turns slowly', () => {
    const slowlyMs = yieldsWindowMs / (yieldsInRowMax - 1) + 1;
    expect(alternate(new Record(), 20, slowlyMs).suspicion).toBeUndefined();
  });

  it('are not suspected when one in between was dead', () => {
    const record = new Record();
    for (let round = 0; round < 10; round += 1) {
      alternate(record, yieldsInRowMax - 2, 1_000);
      record.accept(null);
    }
    expect(record.suspicion).toBeUndefined();
  });

  it('count alike where every connection names a process of its own', () => {
    const record = new Record();
    let last = record.accept('0');
    for (let time = 1; time <= yieldsInRowMax; time += 1) {
      const next = record.accept(String(time));
      record.yields(String(time - 1), last, next);
      last = next;
    }
    expect(record.suspicion?.rule).toBe('connections_alternate');
  });
});

describe('the record', () => {
  it('says of a process that was superseded by another, and of no other', () => {
    const record = new Record();
    record.accept('a');
    expect(isSuperseded(record.history, 'a')).toBe(false);
    expect(isSuperseded(record.history, 'never seen')).toBe(false);
    record.accept(null);
    expect(isSuperseded(record.history, 'a')).toBe(true);
    expect(isSuperseded(record.history, null)).toBe(false);
    record.accept('a');
    expect(isSuperseded(record.history, 'a')).toBe(false);
  });

  it('takes no harm from a sign about what it has forgotten', () => {
    const record = new Record();
    record.accept('a');
    const before = record.history;
    expect(record.answers('forgotten', 77).history.lives).toEqual(before.lives);
  });

  it('once pardoned holds only who is connected, so that a pair is found again and one device is not', () => {
    const record = new Record();
    record.accept('a');
    const b = record.accept('b');
    const again = record.accept('a');
    record.answers('a', again).yields('b', b, again);
    record.history = pardoned(record.history);
    record.suspicion = undefined;
    expect(record.history).toMatchObject({
      lives: [{ instance: 'a', first: again, answered: 0 }],
      yields: [],
    });

    record.answers('a', record.accept('a'));
    record.accept('a restarted');
    expect(record.suspicion).toBeUndefined();
    const other = record.accept('b');
    const back = record.accept('a restarted');
    expect(record.yields('b', other, back).answers('a restarted', back).suspicion).toBeDefined();
    expect(pardoned(noHistory)).toEqual(noHistory);
  });
});
