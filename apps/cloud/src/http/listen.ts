import { fileErrorCode } from '@edgeflow/platform';
import { type ListenSetting, SettingError } from '../config.ts';
import type { Logger } from '../logging.ts';
import type { Acceptors } from './acceptors.ts';

/** A port that was not given moves at most this far. */
const movesMax = 20;
const portMax = 65_535;

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/** Names of the settings that an error points to. */
export interface ListenSettingNames {
  readonly host: string;
  readonly port: string;
}

/**
 * Listens on the address of a setting. A port that was not given and is taken moves to the next free one, which is
 * announced; a given one that is taken is an error.
 *
 * @throws SettingError
 */
export async function listenOrMove(
  acceptors: Acceptors,
  setting: ListenSetting,
  names: ListenSettingNames,
  logger: Logger,
): Promise<ListeningAddress> {
  const { host, port, portGiven } = setting;
  const last = portGiven || port === 0 ? port : Math.min(port + movesMax, portMax);
  for (let candidate = port; ; candidate += 1) {
    try {
      const bound = await acceptors.listen(host, candidate);
      if (candidate !== port) {
        logger.warn(
          { wanted: port, port: bound },
          `port ${String(port)} is taken; listening on ${String(bound)}`,
        );
      }
      return { host, port: bound };
    } catch (error) {
      if (fileErrorCode(error) === 'EADDRINUSE' && candidate < last) continue;
      throw refusal(error, setting, last, names);
    }
  }
}

function refusal(
  error: unknown,
  setting: ListenSetting,
  last: number,
  names: ListenSettingNames,
): SettingError {
  const { host, port } = setting;
  const code = fileErrorCode(error) ?? 'unknown cause';
  const problem = (() => {
    switch (code) {
      case 'EADDRINUSE': {
        const ports =
          last === port ? `port ${String(port)} is` : `ports ${String(port)} to ${String(last)} are`;
        const nextStep = `Stop the program that uses it, or set ${names.port} to a free port.`;
        return { setting: names.port, message: `${ports} taken on ${host}`, nextStep };
      }
      case 'EACCES': {
        const message = `this user may not listen on port ${String(port)}`;
        return { setting: names.port, message, nextStep: `Set ${names.port} to a port above 1023.` };
      }
      default: {
        const message = `cannot listen on ${host} (${code})`;
        return { setting: names.host, message, nextStep: `Set ${names.host} to an address of this machine.` };
      }
    }
  })();
  return new SettingError([problem], { cause: error });
}
