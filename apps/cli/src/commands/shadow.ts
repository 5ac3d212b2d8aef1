import { jsonObjectSchema, type Shadow } from '@edgeflow/contract';
import { printableJson } from '@edgeflow/platform';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { fields } from '../output/table.ts';
import type { Session } from '../session.ts';
import { given, wholeNumber } from './arguments.ts';

interface SetOptions {
  readonly ifVersion?: number;
}

/** `edgeflow shadow …` */
export function addShadowCommands(program: Command, session: Session): void {
  const shadow = program
    .command('shadow')
    .description('what a device should be like, and what it says it is');

  shadow
    .command('get <id>')
    .description('both halves, and what differs')
    .action(async (id: string) => {
      const client = await session.connect();
      const { body } = await client.call('readShadow', { params: { id } });
      session.output.show(body, () => shadowView(body));
    });

  shadow
    .command('set <id> <desired>')
    .description('merge JSON (or @file) into the desired half; null deletes a key')
    .option('--if-version <n>', 'refuse if the shadow has changed since this version', wholeNumber)
    .action((id: string, desired: string, options: SetOptions) => setDesired(session, id, desired, options));
}

async function setDesired(
  session: Session,
  id: string,
  argument: string,
  { ifVersion }: SetOptions,
): Promise<void> {
  const desired = jsonObjectSchema.safeParse(await session.readJson('<desired>', argument));
  if (!desired.success)
    throw usageFailure('<desired> is no JSON object', `Write it as '{"log_level": "debug"}'.`);
  const client = await session.connect();
  const { body } = await client.call('updateShadow', {
    params: { id },
    body: { desired: desired.data, ...given({ version: ifVersion }) },
  });
  session.output.show(body, () => shadowView(body));
}

function shadowView(shadow: Shadow): string {
  const facts = fields([
    ['Device', shadow.device_id],
    ['Version', shadow.version],
    ['Updated', shadow.updated_at],
  ]);
  const { desired, reported, delta } = shadow;
  return `${facts}${printableJson({ desired, reported, delta }, 2)}\n`;
}
