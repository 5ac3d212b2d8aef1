/**
 * Tells two devices that share an identity from one device that reconnects, by the order of what was seen and by
 * nothing a clock says of it. Pure. The reasoning is in docs/decisions/0012-clones-by-the-order-of-lives.md.
 *
 * Epochs number the accepted connections of a device. "Alive after epoch n" means that a process did something that it
 * can only have done after connection n was accepted: it answered a probe sent over a connection of that epoch, or it
 * answered the close that told it that connection n had taken its place. What merely arrives late proves nothing.
 */

/** One process of a device, as its connections showed it. */
export interface Life {
  /** Fingerprint of `instance`; null for a device that sends none: then every connection is a life of its own. */
  readonly instance: string | null;
  readonly boot: string | null;
  readonly address: string;
  /** Epochs of its first and its newest connection. */
  readonly first: number;
  readonly newest: number;
  /** Epoch of its latest connection after another life's; 0 before one. */
  readonly returned: number;
  /** The latest two of those on which it was alive after they had been accepted; 0 before one. */
  readonly answered: number;
  readonly answeredBefore: number;
  /** The latest pair: on connection `yieldedOn` it acknowledged that `yieldedTo` took its place; 0 before one. */
  readonly yieldedOn: number;
  readonly yieldedTo: number;
  readonly firstAtMs: number;
  readonly newestAtMs: number;
}

/** A connection that another one replaced while it was alive. */
interface Yield {
  readonly epoch: number;
  readonly by: number;
  readonly atMs: number;
}

/** What is kept of a device's connections. */
export interface History {
  readonly lives: readonly Life[];
  readonly yields: readonly Yield[];
}

/** A connection as it asks to be accepted. */
export interface Arrival {
  readonly instance: string | null;
  readonly boot: string | null;
  readonly address: string;
}

/** That the process behind connection `epoch` was alive after connection `aliveAfter` had been accepted. */
export interface LifeSign {
  readonly instance: string | null;
  readonly epoch: number;
  readonly aliveAfter: number;
}

export type CloneRule = 'lives_overlap' | 'connections_alternate';

export interface Suspicion {
  readonly rule: CloneRule;
  /** The lives that speak for it, oldest first. */
  readonly lives: readonly Life[];
}

/** Processes remembered of a device; the one that has been away longest is forgotten first. */
export const livesMax = 8;
/** Connections without `instance` remembered of a device. */
const namelessLivesMax = 2;
/** Connections that replace each other alive, in a row and within the window: each side has come back twice. */
export const yieldsInRowMax = 4;
export const yieldsWindowMs = 120_000;

export const noHistory: History = { lives: [], yields: [] };

/** Whether the life has been superseded by a newer one of another process. */
export function isSuperseded(history: History, instance: string | null): boolean {
  const known = lifeOf(history, instance);
  return known !== undefined && known !== newestLife(history);
}

const unseen = { returned: 0, answered: 0, answeredBefore: 0, yieldedOn: 0, yieldedTo: 0 };

/** The history after a connection was accepted. */
export function arrive(history: History, arrival: Arrival, epoch: number, atMs: number): History {
  const known = lifeOf(history, arrival.instance);
  const before = known ?? {
    ...arrival,
    ...unseen,
    first: epoch,
    newest: epoch,
    firstAtMs: atMs,
    newestAtMs: atMs,
  };
  const returned = isSuperseded(history, arrival.instance) ? epoch : before.returned;
  const life: Life = { ...before, ...arrival, newest: epoch, newestAtMs: atMs, returned };
  return { ...history, lives: bounded([...history.lives.filter((one) => one !== known), life]) };
}

/** The history after a sign of life, and what it gives away. A sign about what has been forgotten changes nothing. */
export function witness(
  history: History,
  sign: LifeSign,
  atMs: number,
): { readonly history: History; readonly suspicion: Suspicion | undefined } {
  const life = lifeAt(history, sign);
  const lives = history.lives.map((one) => (one === life ? noted(one, sign) : one));
  const yields = yielded(history, sign, atMs);
  const next: History = { lives, yields };
  return { history: next, suspicion: overlapping(next) ?? alternating(next) };
}

/** What remains once an operator has decided: whoever is connected is known, so that another one stands out. */
export function pardoned(history: History): History {
  const newest = newestLife(history);
  if (newest === undefined) return noHistory;
  const { newest: first, newestAtMs: firstAtMs } = newest;
  return { lives: [{ ...newest, first, firstAtMs, ...unseen }], yields: [] };
}

function newestLife(history: History): Life | undefined {
  return history.lives.at(-1);
}

function lifeOf(history: History, instance: string | null): Life | undefined {
  return instance === null ? undefined : history.lives.find((life) => life.instance === instance);
}

function lifeAt(history: History, { epoch, instance }: LifeSign): Life | undefined {
  return lifeOf(history, instance) ?? history.lives.find((life) => life.newest === epoch);
}

/** Oldest first. */
function bounded(lives: readonly Life[]): readonly Life[] {
  const nameless = lives.filter(({ instance }) => instance === null);
  const tooMany = nameless.slice(0, Math.max(0, nameless.length - namelessLivesMax));
  return lives.filter((life) => !tooMany.includes(life)).slice(-livesMax);
}

/**
 * Notes that a live connection had to yield to one of another process. A process that has connected since may have
 * taken its own place, and gives itself away by its return where it has not.
 */
function yielded(history: History, sign: LifeSign, atMs: number): readonly Yield[] {
  const { aliveAfter: by, epoch, instance } = sign;
  const isBackSince = instance !== null && (lifeOf(history, instance)?.newest ?? by) >= by;
  if (by === epoch || isBackSince) return history.yields;
  const yields: Yield[] = [...history.yields.filter((one) => one.epoch !== epoch), { epoch, by, atMs }];
  return yields.sort((a, b) => a.epoch - b.epoch).slice(-yieldsInRowMax);
}

/** A life after a sign of it. */
function noted(life: Life, { aliveAfter, epoch }: LifeSign): Life {
  const isNews = epoch === life.returned && epoch > life.answered;
  const answer = isNews ? { answered: epoch, answeredBefore: life.answered } : {};
  const isYield = aliveAfter > epoch && aliveAfter > life.yieldedTo;
  return { ...life, ...answer, ...(isYield ? { yieldedOn: epoch, yieldedTo: aliveAfter } : {}) };
}

function overlapping({ lives }: History): Suspicion | undefined {
  for (const back of lives) {
    const other = lives.find((life) => hasYielded(back, life) || hasTakenTurns(back, life));
    if (other !== undefined) return { rule: 'lives_overlap', lives: [back, other] };
  }
  return undefined;
}

/**
 * `back` came, then `other`, then `back` came again and was alive, and `other`, on a connection from before, saw it
 * come. So `back` lived from before `other` came until after it: it is not the other's former process that was delayed
 * on the way. And `other` was still there: `back` is no memory image that was put back in its place.
 */
function hasYielded(back: Life, other: Life): boolean {
  const isBetween = back.first < other.first && other.yieldedOn < back.answered;
  return isBetween && other.yieldedTo >= back.answered;
}

/** The same without acknowledgements: `back` came again and was alive, `other` did, and `back` once more. */
function hasTakenTurns(back: Life, other: Life): boolean {
  return 0 < back.answeredBefore && back.answeredBefore < other.answered && other.answered < back.answered;
}

/** Connections in a row, each alive when the next one took its place: two sides that are told to go and come back. */
function alternating({ lives, yields }: History): Suspicion | undefined {
  const [oldest] = yields;
  const latest = yields.at(-1);
  if (oldest === undefined || latest === undefined || yields.length < yieldsInRowMax) return undefined;
  const isChain = yields.slice(1).every(({ epoch }, index) => yields[index]?.by === epoch);
  if (!isChain || latest.atMs - oldest.atMs > yieldsWindowMs) return undefined;
  return { rule: 'connections_alternate', lives: lives.slice(-2) };
}
