import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../api/client.ts';

/** Ends the session of this browser. Nothing that was shown under it stays in memory. */
export function useSignOut(): { readonly signOut: () => void; readonly isPending: boolean } {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { isPending, mutate } = api.useMutation('delete', '/api/v1/session', {
    onSuccess: () => {
      queries.clear();
      void navigate({ to: '/sign-in' });
    },
  });
  return { signOut: () => mutate({}), isPending };
}
