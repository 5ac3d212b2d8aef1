import type { Board } from '../device/board.ts';
import { deviceIdOf, type Stage, type Story, until } from './story.ts';

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
    for (;;) {
      await until(stage, () => board.control !== undefined);
      const outcome = await board.provision(code, true);
      if (outcome === 'done' || outcome === 'completed') break;
      await stage.operator.sleep(2_000);
    }
    await until(stage, () => board.isOnline && deviceIdOf(board) === id);
  });
}

function afterOnboarding(
  stage: Stage,
  kind: string,
  then: (board: Board, id: string) => Promise<void>,
): Story {
  const board = stage.newBoard();
  return {
    kind,
    boards: [board],
    onboardings: kind === 'deleted' || kind === 're-provisioned' ? 2 : 1,
    play: async () => {
      await board.flash({ EDGEFLOW_PROVISIONING_CODE: await stage.nextCode() });
      board.powerOn();
      await until(stage, () => board.isOnline);
      const id = deviceIdOf(board);
      if (id !== undefined) await then(board, id);
      await until(stage, () => board.isOnline);
    },
  };
}
