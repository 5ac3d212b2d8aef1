import type { AuditEntry } from '@edgeflow/contract';
import type { Command } from 'commander';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';
import { given } from './arguments.ts';
import { notePage, type PageOptions, pageOptions, readPages } from './pages.ts';

interface ListOptions extends PageOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  readonly outcome?: 'success' | 'failure';
  readonly since?: string;
  readonly until?: string;
}

/** `edgeflow audit …` */
export function addAuditCommands(program: Command, session: Session): void {
  const audit = program.command('audit').description('who did what, to what, from where, with what outcome');
  pageOptions(audit.command('list').description('entries, newest first'))
    .option('--actor <id>', 'only what this operator or device did')
    .option('--action <action>', 'only this action')
    .option('--object <id>', 'only what was done to this device or code')
    .option('--outcome <outcome>', 'success or failure')
    .option('--since <time>', 'from this time on, such as 2026-02-21T12:00:00Z')
    .option('--until <time>', 'up to this time')
    .action((options: ListOptions) => listAudit(session, options));
}

async function listAudit(session: Session, options: ListOptions): Promise<void> {
  const { limit, cursor, offset, all, ...filter } = options;
  const client = await session.connect();
  const page = given({ limit, cursor, offset, all });
  const list = await readPages(page, 'entries', async (query) => {
    const { body } = await client.call('listAudit', { query: { ...filter, ...query } });
    return body;
  });
  const { output } = session;
  output.show(list, () =>
    table<AuditEntry>(
      [
        { title: 'at', value: ({ at }) => at },
        { title: 'actor', value: ({ actor }) => `${actor.kind} ${actor.id}` },
        { title: 'action', value: ({ action }) => action },
        { title: 'object', value: ({ object }) => object?.id },
        {
          title: 'outcome',
          value: ({ outcome, reason }) => (reason === null ? outcome : `${outcome}: ${reason}`),
        },
        { title: 'from', value: ({ address }) => address },
      ],
      list.entries,
      output.widthMax,
    ),
  );
  notePage(output, list.entries.length, list);
}
