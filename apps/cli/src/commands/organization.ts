import type { ClonePolicy, Organization } from '@edgeflow/contract';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { fields } from '../output/table.ts';
import type { Session } from '../session.ts';
import { given } from './arguments.ts';

interface SetOptions {
  readonly name?: string;
  readonly clonePolicy?: ClonePolicy;
}

/** `edgeflow organization …` */
export function addOrganizationCommands(program: Command, session: Session): void {
  const organization = program.command('organization').description('your organization and its policies');

  organization
    .command('show')
    .description('name, number of devices, and what happens to clones')
    .action(async () => {
      const client = await session.connect();
      const { body } = await client.call('readOrganization');
      show(session, body);
    });

  organization
    .command('set')
    .description('change the name or a policy; what is left out stays as it is')
    .option('--name <text>', 'another name')
    .option(
      '--clone-policy <policy>',
      'when two devices use one identity: keep_newest, or quarantine, which refuses both until you decide',
    )
    .action(async ({ clonePolicy, name }: SetOptions) => {
      if (clonePolicy === undefined && name === undefined)
        throw usageFailure('There is nothing to change', 'Add --name or --clone-policy.');
      const client = await session.connect();
      const { body } = await client.call('updateOrganization', {
        body: given({ name, clone_policy: clonePolicy }),
      });
      show(session, body);
    });
}

function show(session: Session, organization: Organization): void {
  session.output.show(organization, () =>
    fields([
      ['Organization', organization.organization_id],
      ['Name', organization.name],
      ['Devices', deviceCount(organization)],
      ['Clones', organization.clone_policy],
    ]),
  );
}

function deviceCount({ device_count: count, device_limit: limit }: Organization): string {
  return limit === null ? String(count) : `${String(count)} of ${String(limit)}`;
}
