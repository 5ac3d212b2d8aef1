import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { setCookie } from '../../http/cookies.ts';
import { refuseOtherSites } from '../../http/request-origin.ts';
import { route } from '../../http/route.ts';
import { operatorOf } from '../identity/index.ts';
import type { Invitations } from './invitations.ts';
import { entryCookies } from './entry-cookies.ts';
import type { KnownBrowsers } from './known-browsers.ts';
import type { Members } from './members.ts';
import { visitOf } from './routes.ts';
import { personOf, type Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';

export interface MemberRoutesDeps {
  readonly members: Members;
  readonly invitations: Invitations;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly browsers: KnownBrowsers;
}

/** Who belongs to an organization, and the tokens of its programs. */
export function memberRoutes(app: FastifyInstance, deps: MemberRoutesDeps): void {
  const { members, tokens } = deps;
  route(app, operations.listMembers, async (call) =>
    answer(200, { members: await members.list(operatorOf(call)) }),
  );
  route(app, operations.changeMember, async (call) =>
    answer(200, await members.change(operatorOf(call), call.params.id, call.body.role)),
  );
  route(app, operations.removeMember, async (call) => {
    await members.remove(operatorOf(call), call.params.id);
    return answer(204, undefined);
  });
  route(app, operations.leaveOrganization, async (call) => {
    await members.leave(personOf(call));
    return answer(204, undefined, { 'set-cookie': setCookie('session', '', 0, call.origin) });
  });
  route(app, operations.createToken, async (call) =>
    answer(201, await tokens.create(operatorOf(call), call.body)),
  );
  route(app, operations.listTokens, async (call) =>
    answer(200, { tokens: await tokens.list(operatorOf(call)) }),
  );
  route(app, operations.revokeToken, async (call) => {
    await tokens.revoke(operatorOf(call), call.params.id);
    return answer(204, undefined);
  });
  invitationRoutes(app, deps);
}

function invitationRoutes(app: FastifyInstance, { browsers, invitations, sessions }: MemberRoutesDeps): void {
  route(app, operations.createInvitation, async (call) =>
    answer(201, await invitations.create(operatorOf(call), call.body)),
  );
  route(app, operations.listInvitations, async (call) =>
    answer(200, { invitations: await invitations.list(operatorOf(call)) }),
  );
  route(app, operations.revokeInvitation, async (call) => {
    await invitations.revoke(operatorOf(call), call.params.id);
    return answer(204, undefined);
  });
  route(app, operations.readInvitation, async (call) =>
    answer(200, await invitations.show(call.body.secret)),
  );
  route(app, operations.acceptInvitation, async (call) => {
    refuseOtherSites(call.request.raw, call.origin);
    const begun = await invitations.accept(call.body, visitOf(call));
    return answer(201, begun.session, { 'set-cookie': await entryCookies(browsers, begun, call) });
  });
  route(app, operations.joinInvitation, async (call) => {
    const person = personOf(call);
    const organizationId = await invitations.join(person, call.body.secret, visitOf(call));
    return answer(200, await sessions.enter(person, organizationId));
  });
}
