import type { Board } from '../device/board.ts';
import { afterOnboarding, deviceIdOf, type Stage, type Story, until } from './story.ts';

/** Onboards, and then gets new keys over the tunnel, a few times. */
export function rotated(stage: Stage): Story {
  return afterOnboarding(stage, 'rotation', async (board, id) => {
    const times = 1 + stage.world.draw.whole(3);
    for (let i = 0; i < times; i += 1) {
      await stage.operator.call('POST', `/api/v1/devices/${id}/rotate-key`, { mode: 'tunnel' });
      await stage.operator.sleep(stage.world.draw.between(0, 15_000));
    }
    await until(stage, () => board.isOnline);
  });
}

/** Revoked by an operator, and restored. */
export function restored(stage: Stage): Story {
  return afterOnboarding(stage, 'revoked and restored', async (board, id) => {
    await stage.operator.call('POST', `/api/v1/devices/${id}/revoke`, {});
    await stage.operator.sleep(stage.world.draw.between(0, 20_000));
    await stage.operator.call('POST', `/api/v1/devices/${id}/restore`, {});
    await until(stage, () => board.isOnline);
  });
}

/** Deleted by an operator; the board is given a new code and becomes another device. */
export function deleted(stage: Stage): Story {
  return afterOnboarding(stage, 'deleted', async (board, id) => {
    await stage.operator.call('DELETE', `/api/v1/devices/${id}`);
    await board.configure({ EDGEFLOW_PROVISIONING_CODE: await stage.nextCode() });
    await until(stage, () => board.isOnline && deviceIdOf(board) !== id);
  });
}

/** Gets a new key under its old id, by a code that a person gives to the device itself. */
export function reProvisioned(stage: Stage): Story {
  return afterOnboarding(stage, 're-provisioned', async (board, id) => {
    const [code = ''] = await stage.operator.makeCodes(1, { device_id: id });
    await giveCode(stage, board, code);
    await until(stage, () => board.isOnline && deviceIdOf(board) === id);
  });
}

/**
 * The card of a board that is online is copied, identity and all, for another board. The cloud finds out; a person
 * gives the second board a code of its own, and an operator clears the first one's name.
 */
export function clonedIdentity(stage: Stage): Story {
  const copy = stage.newBoard();
  const story = afterOnboarding(stage, 'cloned identity', async (original, id) => {
    stage.clones.expect(id);
    await copy.flashImageOf(original);
    copy.powerOn();
    await until(stage, () => stage.clones.isSuspected(id));
    await giveCode(stage, copy, await stage.nextCode());
    await until(stage, () => copy.isOnline && deviceIdOf(copy) !== id);
    await stage.operator.call('POST', `/api/v1/devices/${id}/restore`, {});
    await until(stage, () => original.isOnline);
  });
  return { ...story, boards: [...story.boards, copy], onboardings: 2 };
}

/** A person gives a board a code through its local API, until it has taken it. */
async function giveCode({ operator }: Stage, board: Board, code: string): Promise<void> {
  for (;;) {
    const outcome = await board.provision(code, true);
    if (outcome !== 'not yet') return;
    await operator.sleep(2_000);
  }
}
