import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

/** Goes on as whoever has just signed in: nothing of an earlier person is left. */
export function useEntry(): (to?: string) => void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return (to = '/') => {
    queries.clear();
    void navigate({ href: to, replace: true });
  };
}
