/**
 * `--import`ed into an agent whose slow retries are to be seen: waits of minutes last seconds. Everything shorter
 * (heartbeats, deadlines, backoff) keeps its time.
 */
const fromMs = 4 * 60 * 1000;
const times = 300;
const real = globalThis.setTimeout;

globalThis.setTimeout = Object.assign(
  (callback: () => void, delayMs = 0) => real(callback, delayMs >= fromMs ? delayMs / times : delayMs),
  real,
);
