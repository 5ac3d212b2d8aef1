import type { Files } from '@edgeflow/platform';
import { acceptorsDefault, waitingMaxDefault } from './listeners.ts';

const limitsFile = '/proc/self/limits';
const limitsBytesMax = 16 * 1024;
/** Share of all open files that connections may take, of each listener, while they wait for their client. */
const shareOfOneListener = 1 / 4;
/** The same for tunnels that have not said who they are. */
const shareOfStrangers = 1 / 8;
const strangersMaxDefault = 2_000;
/** The same for the listening sockets of each listener. */
const shareOfAcceptors = 1 / 32;

/** Open files that connections leave free: for the database, for what is read and written, and for listening. */
const filesKept = 256;
/** The same where there are few of them at all, as a share of all. */
const shareKept = 1 / 4;

/** How many may wait at the door, so that most file descriptors stay for devices that have come in. */
export interface DoorLimits {
  readonly waitingMax: number;
  readonly strangersMax: number;
  readonly acceptors: number;
  /** All connections, whoever they are. */
  readonly connectionsMax: number;
}

/** Fits the door to the limit of open files (proc_pid_limits(5)); elsewhere than on Linux none is known. */
export async function doorLimits(files: Files): Promise<DoorLimits> {
  const limit = (await openFilesLimit(files)) ?? Infinity;
  return {
    waitingMax: Math.floor(Math.min(waitingMaxDefault, limit * shareOfOneListener)),
    strangersMax: Math.floor(Math.min(strangersMaxDefault, limit * shareOfStrangers)),
    connectionsMax: limit - Math.min(filesKept, Math.floor(limit * shareKept)),
    acceptors: Math.max(1, Math.floor(Math.min(acceptorsDefault, limit * shareOfAcceptors))),
  };
}

async function openFilesLimit(files: Files): Promise<number | undefined> {
  let text: string;
  try {
    text = new TextDecoder().decode(await files.read(limitsFile, limitsBytesMax));
  } catch {
    return undefined;
  }
  const soft = /^Max open files +(\d+) /m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
