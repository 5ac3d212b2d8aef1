import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { client, type Schema } from '../api/client.ts';

export type Session = Schema<'Session'>;
export type Role = Session['role'];

/** Each role may do what those before it may. */
export const roles: readonly Role[] = ['viewer', 'operator', 'admin', 'owner'];

export const sessionQuery = queryOptions({
  queryKey: ['get', '/api/v1/session'],
  queryFn: readSession,
  staleTime: 60_000,
  // Another tab may have gone on as somebody else meanwhile.
  refetchOnWindowFocus: 'always',
});

/** Whose browser this is. Only below a page that asks for a sign-in. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

/** Whether the role of the session allows what needs `least`. */
export function useMay(least: Role): boolean {
  return mayAct(useSession().role, least);
}

export function mayAct(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}

async function readSession(): Promise<Session> {
  const { data } = await client.GET('/api/v1/session');
  if (data === undefined) throw new Error('the cloud answered without a session');
  return data;
}
