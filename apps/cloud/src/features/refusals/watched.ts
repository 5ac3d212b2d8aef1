import type { KeyAuthenticator } from '../credentials/index.ts';
import type { ConnectionRequest, ConnectionVerdict } from '../presence/index.ts';
import type { KeyRefusals } from './notes.ts';

/** The same admission of tunnels, and its refusals are noted. */
export function watchedAdmission(
  refusals: KeyRefusals,
  admit: (request: ConnectionRequest) => Promise<ConnectionVerdict>,
): (request: ConnectionRequest) => Promise<ConnectionVerdict> {
  return async (request) => {
    const verdict = await admit(request);
    const { address, deviceId } = request;
    if (verdict.kind === 'refused') refusals.note({ address, deviceId, code: verdict.code });
    return verdict;
  };
}

/** The same for keys that come over HTTP, where an expired one is refused too. */
export function watchedKeys(
  refusals: KeyRefusals,
  keys: KeyAuthenticator,
): Pick<KeyAuthenticator, 'authenticate'> {
  return {
    authenticate: async (apiKey, deviceId, address) => {
      const verdict = await keys.authenticate(apiKey, deviceId, address);
      if (verdict.kind === 'refused') refusals.note({ address, deviceId, code: verdict.code });
      else if (verdict.restricted) refusals.note({ address, deviceId, code: 'key_expired' });
      return verdict;
    },
  };
}
