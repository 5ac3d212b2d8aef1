import type { Board } from '../device/board.ts';
import type { Operator } from '../world/operator.ts';
import { deviceIdOf } from '../stories/story.ts';
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
  const progress = { isDone: false };
  const judged = operator
    .sleep(quietMs)
    .then(() => judge(end))
    .catch((error: unknown) => {
      world.violate('the simulator works', error instanceof Error ? error.message : 'the end is not judged');
    })
    .finally(() => (progress.isDone = true));
  void judged;
  while (!progress.isDone) if (!(await world.step())) return;
}

async function judge(end: End): Promise<void> {
  const { checks, boards } = end;
  await checks.tunnels.compareRegistry();
  const speaking = new Map<string, Board>();
  await Promise.all(boards.map((board) => answers(end, board, speaking)));
  everyCodeIsServed(end, speaking);
  for (const [id, board] of speaking) isRegistered(end, id, board);
}

/** A command comes through to the board and back, under an id that no other board has. */
async function answers({ world, operator }: End, board: Board, speaking: Map<string, Board>): Promise<void> {
  const id = deviceIdOf(board) ?? 'nobody';
  const other = speaking.get(id);
  if (other !== undefined)
    world.violate('one device, one board', `${board.name} and ${other.name} are ${id}`);
  speaking.set(id, board);
  const command = { action: 'health_check' };
  const { status } = await operator.call('POST', `/api/v1/devices/${id}/commands`, command);
  if (status === 200) return;
  const what = `${board.name} is online, and a command to ${id} is answered ${status}`;
  world.violate('open tunnels are registered', what);
}

function everyCodeIsServed({ world, checks }: End, speaking: ReadonlyMap<string, Board>): void {
  const { mirror, boards: rules } = checks;
  for (const code of mirror.codes.values()) {
    if (code.state !== 'used' || code.claimant_hash === null) continue;
    const device = mirror.devices.get(code.used_device_id ?? '');
    if (device?.lifecycle !== 'active' || speaking.has(device.id) || rules.hasLeft(device.id)) continue;
    world.violate('no code is burnt', `${code.id} made ${device.id}, and no board is that`);
  }
}

function isRegistered({ world, checks }: End, id: string, board: Board): void {
  const device = checks.mirror.devices.get(id);
  const keys = checks.mirror.living(id).filter(({ state }) => state === 'active');
  const isWhole = device?.lifecycle === 'active' && device.presence === 'online' && keys.length === 1;
  if (isWhole) return;
  const what = `${board.name} is ${id}: ${device?.lifecycle ?? 'unknown'}, ${device?.presence ?? ''}, ${keys.length} keys`;
  world.violate('the registry agrees in the end', what);
}
