import type { Code, CodeStatus, CreatedCode } from '@edgeflow/contract';
import type { Command } from 'commander';
import { fields, table } from '../output/table.ts';
import type { Session } from '../session.ts';
import { collect, given, wholeNumber } from './arguments.ts';
import { notePage, type PageOptions, pageOptions, readPages } from './pages.ts';

interface CreateOptions {
  readonly name?: string;
  readonly ttlSeconds?: number;
  readonly count?: number;
  readonly groups?: number;
  readonly deviceName?: string;
  readonly tag?: string[];
  readonly group?: string;
  readonly bindMac?: string;
  readonly bindSerial?: string;
  readonly bindBoard?: string;
  readonly device?: string;
}

interface ListOptions extends PageOptions {
  readonly status?: CodeStatus;
  readonly batch?: string;
}

/** `edgeflow codes …` */
export function addCodeCommands(program: Command, session: Session): void {
  const codes = program
    .command('codes')
    .description('provisioning codes: each turns one board into one device');

  codes
    .command('create')
    .description('make one code or many; their text is shown this once')
    .option('--name <text>', 'what the code is for')
    .option('--ttl-seconds <n>', 'how long it may be redeemed', wholeNumber)
    .option('--count <n>', 'how many, up to 10000', wholeNumber)
    .option('--groups <n>', 'groups of four characters, 2 to 6', wholeNumber)
    .option('--device-name <text>', 'name of the device it makes')
    .option('--tag <tag>', 'tag of the device it makes (may be repeated)', collect)
    .option('--group <group>', 'group of the device it makes')
    .option('--bind-mac <address>', 'only for the board with this MAC address')
    .option('--bind-serial <number>', 'only for the board with this serial number')
    .option('--bind-board <model>', 'only for boards of this model')
    .option('--device <id>', 'give this device a new key under its old id')
    .action((options: CreateOptions) => createCodes(session, options));

  pageOptions(codes.command('list').description('codes, newest first'))
    .option('--status <status>', 'active, used, expired or revoked')
    .option('--batch <id>', 'only those made in one call')
    .action((options: ListOptions) => listCodes(session, options));

  codes
    .command('show <id>')
    .description('one code by its pc_… id, without its text')
    .action(async (id: string) => {
      const client = await session.connect();
      const { body } = await client.call('readCode', { params: { id } });
      session.output.show(body, () => codeView(body));
    });

  codes
    .command('revoke <id>')
    .description('make a code that was not used unusable')
    .action(async (id: string) => {
      const client = await session.connect();
      const { body } = await client.call('revokeCode', { params: { id } });
      session.output.show(body, () => codeView(body));
    });
}

async function createCodes(session: Session, options: CreateOptions): Promise<void> {
  const { ttlSeconds, deviceName, tag, bindMac, bindSerial, bindBoard, device, ...same } = options;
  const bind = given({ mac_address: bindMac, serial_number: bindSerial, board_model: bindBoard });
  const client = await session.connect();
  const { body } = await client.call('createCodes', {
    body: {
      ...same,
      ...given({ ttl_seconds: ttlSeconds, device_name: deviceName, tags: tag, device_id: device }),
      ...(Object.keys(bind).length === 0 ? {} : { bind }),
    },
  });
  // Never cut to the terminal's width: what is cut here is lost.
  session.output.show(body, () =>
    table<CreatedCode>(
      [
        { title: 'code', value: ({ code }) => code },
        { title: 'id', value: ({ id }) => id },
        { title: 'expires', value: ({ expires_at }) => expires_at },
      ],
      body.codes,
    ),
  );
  session.output.note('The text of a code is shown this once.');
}

async function listCodes(session: Session, { status, batch, ...page }: ListOptions): Promise<void> {
  const client = await session.connect();
  const filter = given({ status, batch });
  const list = await readPages(page, 'codes', async (query) => {
    const { body } = await client.call('listCodes', { query: { ...filter, ...query } });
    return body;
  });
  const { output } = session;
  output.show(list, () =>
    table<Code>(
      [
        { title: 'id', value: ({ id }) => id },
        { title: 'status', value: (code) => code.status },
        { title: 'name', value: ({ name }) => name },
        { title: 'expires', value: ({ expires_at }) => expires_at },
        { title: 'used by', value: ({ used_by }) => used_by },
        { title: 'failed', value: ({ failed_attempts }) => failed_attempts },
      ],
      list.codes,
      output.widthMax,
    ),
  );
  notePage(output, list.codes.length, list);
}

function codeView(code: Code): string {
  const { bind } = code;
  return fields([
    ['Code', code.id],
    ['Status', code.status],
    ['Name', code.name],
    ['Batch', code.batch],
    ['Made', `${code.created_at} by ${code.created_by}`],
    ['Expires', code.expires_at],
    ['Revoked', code.revoked_at],
    [
      'Used by',
      code.used_by === null ? null : `${code.used_by}, ${code.used_at ?? ''} from ${code.used_from ?? '?'}`,
    ],
    ['Re-provisions', code.device_id],
    ['Device name', code.device_name],
    ['Tags', code.tags.join(', ')],
    ['Group', code.group],
    [
      'Bound to',
      [bind.mac_address, bind.serial_number, bind.board_model].filter((part) => part !== null).join(', '),
    ],
    ['Failed attempts', failures(code)],
  ]);
}

function failures({ failed_attempts, last_failed_at, last_failed_reason }: Code): string {
  if (last_failed_at === null) return String(failed_attempts);
  return `${failed_attempts}, last ${last_failed_at}: ${last_failed_reason ?? 'unknown'}`;
}
