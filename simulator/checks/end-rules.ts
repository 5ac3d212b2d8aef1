import type { Board } from '../device/board.ts';
import type { Operator } from '../world/operator.ts';
import type { World } from '../world/world.ts';
import type { Checks } from './checks.ts';

export interface End {
  readonly world: World;
  readonly checks: Checks;
  readonly boards: readonly Board[];
  readonly operator: Operator;
}

/** What has been written behind is in the database by then; see `departuresEveryMs` of the cloud. */
const quietMs = 3_000;

/** When all is quiet again: codes used = devices = keys that work = boards that answer. */
export async function checkEnd(end: End): Promise<void> {
  const { world, operator } = end;
  let isDone = false;
  const judged = operator
    .sleep(quietMs)
    .then(() => judge(end))
    .catch((error: unknown) => {
      world.violate(
        'the simulator works',
        error instanceof Error ? error.message : 'the end could not be judged',
      );
    })
    .finally(() => (isDone = true));
  while (!isDone && (await world.step()));
  void judged;
}

async function judge({ world, checks, boards, operator }: End): Promise<void> {
  const { mirror, boards: rules, tunnels } = checks;
  await tunnels.compareRegistry();
  const speaking = new Map<string, Board>();
  await Promise.all(
    boards.map(async (board) => {
      const id = board.control?.status().device_id ?? '';
      const other = speaking.get(id);
      if (other !== undefined)
        world.violate('one device, one board', `${board.name} and ${other.name} are ${id}`);
      speaking.set(id, board);
      const answer = await operator.call('POST', `/api/v1/devices/${id}/commands`, {
        action: 'health_check',
      });
      if (answer.status !== 200) {
        world.violate(
          'open tunnels are registered',
          `${board.name} is online, and a command to ${id} is answered ${answer.status}`,
        );
      }
    }),
  );
  for (const code of mirror.codes.values()) {
    if (code.state !== 'used') continue;
    const device = mirror.devices.get(code.used_device_id ?? '');
    const isServed =
      code.claimant_hash === null ||
      device?.lifecycle !== 'active' ||
      speaking.has(device.id) ||
      rules.hasLeft(device.id);
    if (!isServed)
      world.violate('no code is burnt', `${code.id} made ${device?.id ?? 'nothing'}, and no board is that`);
  }
  for (const [id, board] of speaking) {
    const device = mirror.devices.get(id);
    const [key, ...others] = mirror.living(id).filter(({ state }) => state === 'active');
    const isWhole = device?.lifecycle === 'active' && device.presence === 'online' && key !== undefined;
    if (!isWhole || others.length > 0) {
      const what = `${board.name} is ${id}: ${device?.lifecycle ?? 'unknown'}, ${device?.presence ?? ''}`;
      world.violate('the registry agrees in the end', what);
    }
  }
}
