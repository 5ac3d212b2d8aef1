import type { WrongCredentials } from '../limits/wrong-credentials.ts';
import type { Authenticator } from './access.ts';
import { ProblemError, tooManyAttempts } from './problems.ts';

/**
 * Holds wrong operator tokens to the budget of their address. The token is judged first, so that a right one is
 * accepted whatever its neighbours present.
 */
export function limitedAuthenticator(inner: Authenticator, wrongTokens: WrongCredentials): Authenticator {
  return {
    authenticateOperator: async (request) => {
      try {
        return await inner.authenticateOperator(request);
      } catch (error) {
        if (!(error instanceof ProblemError) || error.code !== 'token_rejected') throw error;
        const waitSeconds = wrongTokens.note(request.address, request.credential);
        throw waitSeconds === 0 ? error : tooManyAttempts(waitSeconds);
      }
    },
  };
}
