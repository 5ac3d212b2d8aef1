import type { Device, DevicePresence, DeviceStatus, ProvisionResponse } from '@edgeflow/contract';
import type { Command } from 'commander';
import { fields, table } from '../output/table.ts';
import type { Session } from '../session.ts';
import { collect, given } from './arguments.ts';
import { deviceView } from './device-view.ts';
import { notePage, type PageOptions, pageOptions, readPages } from './pages.ts';

interface CreateOptions {
  readonly name?: string;
  readonly tag?: string[];
  readonly group?: string;
}

interface ListOptions extends PageOptions {
  readonly status?: DeviceStatus;
  readonly search?: string;
  readonly tag?: string;
  readonly group?: string;
  readonly clones?: 'suspected';
}

/** `edgeflow devices …`, but for what concerns their keys. @returns the command, for those to join. */
export function addDeviceCommands(program: Command, session: Session): Command {
  const devices = program.command('devices').description('devices and whether they are online');

  devices
    .command('create')
    .description('make a device id and an API key beforehand; the key is shown this once')
    .option('--name <text>', 'name of the device')
    .option('--tag <tag>', 'tag of the device (may be repeated)', collect)
    .option('--group <group>', 'group of the device')
    .action(async ({ tag, ...same }: CreateOptions) => {
      const client = await session.connect();
      const { body } = await client.call('createDevice', { body: { ...same, ...given({ tags: tag }) } });
      showKey(session, body);
    });

  pageOptions(devices.command('list').description('devices, newest first'))
    .option('--status <status>', 'never_connected, online, offline, reconnecting, quarantined or revoked')
    .option('--search <text>', 'in id, name, host name, addresses, board and serial number')
    .option('--tag <tag>', 'only those with this tag')
    .option('--group <group>', 'only those in this group')
    .option('--clones <which>', 'suspected: only those whose identity two devices seem to use')
    .action((options: ListOptions) => listDevices(session, options));

  devices
    .command('show <id>')
    .description('one device')
    .action(async (id: string) => {
      const client = await session.connect();
      const { body } = await client.call('readDevice', { params: { id } });
      showDevice(session, body);
    });

  devices
    .command('rename <id> <name>')
    .description('give a device another name')
    .action(async (id: string, name: string) => {
      const client = await session.connect();
      const { body } = await client.call('updateDevice', { params: { id }, body: { name } });
      showDevice(session, body);
    });

  devices
    .command('delete <id>')
    .description('delete a device; its key stops working within a second, for good')
    .action(async (id: string) => {
      const client = await session.connect();
      await client.call('deleteDevice', { params: { id } });
      session.output.show({ device_id: id, deleted: true }, () => fields([['Deleted', id]]));
    });

  devices
    .command('status <id>')
    .description('whether a device is connected now')
    .action(async (id: string) => {
      const client = await session.connect();
      const { body } = await client.call('readDeviceStatus', { params: { id } });
      session.output.show(body, () => presenceView(body));
    });

  addLifecycleCommands(devices, session);
  return devices;
}

/** Whether a device may connect is the operator's word. */
function addLifecycleCommands(devices: Command, session: Session): void {
  for (const [verb, operation, description] of [
    ['revoke', 'revokeDevice', 'refuse a device until it is restored'],
    ['quarantine', 'quarantineDevice', 'refuse a device until it is restored or gets a new key'],
    [
      'restore',
      'restoreDevice',
      'undo a revocation or quarantine, or dismiss a suspicion of clones; the same key works again',
    ],
  ] as const) {
    devices
      .command(`${verb} <id>`)
      .description(description)
      .action(async (id: string) => {
        const client = await session.connect();
        const { body } = await client.call(operation, { params: { id } });
        showDevice(session, body);
      });
  }
}

/** A fresh device id and key: the one time the key is seen. */
export function showKey(session: Session, issued: ProvisionResponse): void {
  session.output.show(issued, () =>
    fields([
      ['Device', issued.device_id],
      ['API key', issued.api_key],
      ['Expires', issued.expires_at],
    ]),
  );
  session.output.note('The key is shown this once.');
}

function showDevice(session: Session, device: Device): void {
  session.output.show(device, () => deviceView(device));
}

async function listDevices(session: Session, options: ListOptions): Promise<void> {
  const { status, search, tag, group, clones, ...page } = options;
  const client = await session.connect();
  const filter = given({ status, q: search, tag, group, clones });
  const list = await readPages(page, 'devices', async (query) => {
    const { body } = await client.call('listDevices', { query: { ...filter, ...query } });
    return body;
  });
  const { output } = session;
  output.show(list, () =>
    table<Device>(
      [
        { title: 'device', value: ({ device_id }) => device_id },
        { title: 'status', value: (device) => device.status },
        { title: 'name', value: ({ name }) => name },
        { title: 'address', value: ({ last_address }) => last_address },
        { title: 'last seen', value: ({ last_seen_at }) => last_seen_at },
        { title: 'tags', value: ({ tags }) => tags.join(',') },
        { title: 'group', value: (device) => device.group },
      ],
      list.devices,
      output.widthMax,
    ),
  );
  notePage(output, list.devices.length, list);
}

function presenceView(presence: DevicePresence): string {
  return fields([
    ['Device', presence.device_id],
    ['Connected', presence.connected ? 'yes' : 'no'],
    ['Status', presence.status],
    ['Since', presence.status_since],
    ['Last seen', presence.last_seen_at],
    ['Address', presence.last_address],
    ['Last close', presence.last_close_reason],
    ['Key expires', presence.key_expires_at],
  ]);
}
