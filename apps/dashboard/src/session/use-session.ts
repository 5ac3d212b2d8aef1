import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { problemOf } from '../api/problem.ts';

/** Each role may do what those before it may. */
const roles = ['viewer', 'operator', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];

export interface Session {
  readonly principal: {
    readonly kind: 'user' | 'token';
    readonly id: string;
    readonly name: string;
    readonly email: string | null;
  };
  readonly role: Role;
  readonly organization: { readonly id: string; readonly name: string };
  readonly organizations: readonly { readonly id: string; readonly name: string; readonly role: Role }[];
}

export const sessionQuery = queryOptions({
  queryKey: ['get', '/api/v1/session'],
  queryFn: readSession,
  staleTime: 60_000,
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
  const response = await fetch('/api/v1/session', { credentials: 'same-origin' });
  if (response.ok) return (await response.json()) as Session;
  const problem = await problemOf(response);
  if (problem.code === 'route_unknown') return await sessionOfToken();
  throw problem;
}

/** A cloud without people yet: an operator token in the header of every request is all there is. */
async function sessionOfToken(): Promise<Session> {
  const response = await fetch('/api/v1/organization', { credentials: 'same-origin' });
  if (!response.ok) throw await problemOf(response);
  const { name, organization_id: id } = (await response.json()) as { name: string; organization_id: string };
  const principal = { kind: 'token', id: 'token', name: 'Operator token', email: null } as const;
  return {
    principal,
    role: 'owner',
    organization: { id, name },
    organizations: [{ id, name, role: 'owner' }],
  };
}
