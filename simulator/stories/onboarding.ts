import type { Board } from '../device/board.ts';
import { type Stage, type Story, seeOnline, until } from './story.ts';

/** A new board with a code of its own. */
export function freshBoard(stage: Stage): Story {
  const board = stage.newBoard();
  return {
    kind: 'fresh',
    boards: [board],
    onboardings: 1,
    play: async () => {
      await board.flash({ EDGEFLOW_PROVISIONING_CODE: await stage.nextCode() });
      await switchOn(stage, board);
    },
  };
}

/** Several boards that were given the same code: one gets it, the others are given new ones. */
export function race(stage: Stage): Story {
  const boards = Array.from({ length: 2 + stage.world.draw.whole(2) }, () => stage.newBoard());
  return {
    kind: 'race',
    boards,
    onboardings: boards.length,
    play: async () => {
      const code = await stage.nextCode();
      const atMs = stage.world.draw.between(0, 2_000);
      await stage.operator.sleep(atMs);
      await Promise.all(
        boards.map(async (board) => {
          await board.flash({ EDGEFLOW_PROVISIONING_CODE: code });
          board.powerOn();
          await seeOnline(stage, board);
        }),
      );
    },
  };
}

/** Somebody puts another code into the settings while the first may be on its way. */
export function changedCode(stage: Stage): Story {
  const board = stage.newBoard();
  return {
    kind: 'changed code',
    boards: [board],
    onboardings: 1,
    play: async () => {
      await board.flash({ EDGEFLOW_PROVISIONING_CODE: await stage.nextCode() });
      const second = await stage.nextCode();
      board.powerOn();
      await stage.operator.sleep(stage.world.draw.between(0, 20_000));
      await board.configure({ EDGEFLOW_PROVISIONING_CODE: second });
      await seeOnline(stage, board);
    },
  };
}

/** The card of a board that has begun to register is copied for another board. */
export function copiedImage(stage: Stage): Story {
  const original = stage.newBoard();
  const copy = stage.newBoard();
  return {
    kind: 'copied image',
    boards: [original, copy],
    onboardings: 2,
    play: async () => {
      const code = await stage.nextCode();
      const settings = { EDGEFLOW_PROVISIONING_CODE: code };
      await original.flash(settings);
      original.powerOn();
      await stage.operator.sleep(stage.world.draw.between(0, 6_000));
      // A copied identity is a clone, which is another story (`clonedIdentity`).
      if (original.hasIdentity) await copy.flash(settings);
      else await copy.flashImageOf(original);
      copy.powerOn();
      await Promise.all([seeOnline(stage, original), seeOnline(stage, copy)]);
    },
  };
}

/** Credentials that an operator made beforehand, in the file of settings. */
export function preProvisioned(stage: Stage): Story {
  const board = stage.newBoard();
  return {
    kind: 'pre-provisioned',
    boards: [board],
    onboardings: 1,
    play: async () => {
      const { body } = await stage.operator.call('POST', '/api/v1/devices', {});
      const { device_id: id, api_key: key } = body as { device_id: string; api_key: string };
      await board.flash({ EDGEFLOW_DEVICE_ID: id, EDGEFLOW_API_KEY: key });
      board.powerOn();
      await until(stage, () => board.isOnline);
    },
  };
}

async function switchOn(stage: Stage, board: Board): Promise<void> {
  await stage.operator.sleep(stage.world.draw.between(0, 5_000));
  board.powerOn();
  // Nobody else has its code, so nobody gives it another: it has to come online with this one.
  await until(stage, () => board.isOnline);
}
