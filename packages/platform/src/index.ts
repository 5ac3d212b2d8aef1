export { type Clock, toRfc3339 } from './clock.ts';
export { giveWay, sleep, type TimerHandle, type Timers, type TimeSource } from './timers.ts';
export { pooled, type Random, randomHex, uniformInt } from './random.ts';
/** @public */
export { uniformFloat } from './random.ts';
export {
  FileError,
  type FileFacts,
  type Files,
  fileErrorCode,
  removeDurably,
  writeAtomically,
} from './files.ts';
export { ByteCollector } from './byte-collector.ts';
export { printable, printableJson } from './printable.ts';
export { type BackoffLimits, fullJitterMs } from './backoff.ts';
export { Mutex, SingleFlight } from './single-flight.ts';
export { systemClock, systemRandom, systemTimers } from './real/system.ts';
export { systemFiles } from './real/files.ts';
