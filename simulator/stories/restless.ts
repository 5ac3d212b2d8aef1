import { afterOnboarding, type Stage, type Story, until } from './story.ts';

/** More starts within two minutes than connections that would be suspected of taking turns. */
const starts = { least: 5, most: 8 };
const stayMsMost = 5_000;
/** Longer than most boards take to start, and shorter than the cloud waits for a `connect` (10 s). */
const heldMs = { least: 6_000, most: 9_000 };

/**
 * Loses its power again and again and comes back elsewhere, once with its card as it was before. The cloud hears of
 * none of these ends: each connection finds the one before it open and heard a moment ago. Then it dies while it
 * reconnects, and what that process has said comes when the next one is online. It is one device all the same.
 */
export function restless(stage: Stage): Story {
  const { world, operator } = stage;
  const { draw } = world;
  return afterOnboarding(stage, 'restless', async (board) => {
    const image = board.imageOfCard();
    const count = starts.least + draw.whole(starts.most - starts.least + 1);
    const putBackAt = draw.whole(count);
    for (let start = 0; start < count; start += 1) {
      board.cutPower();
      board.move();
      if (start === putBackAt) board.putBack(image);
      await until(stage, () => board.isOnline);
      await operator.sleep(draw.between(0, stayMsMost));
    }
    board.tunnel.dieWhileConnecting(draw.between(heldMs.least, heldMs.most));
    await until(stage, () => !board.tunnel.isToDie);
    await operator.sleep(heldMs.most);
  });
}

/** Its tunnel goes silent while it is online: it notices by itself, within three heartbeats, and opens another. */
export function silenced(stage: Stage): Story {
  return afterOnboarding(stage, 'gone silent', async (board) => {
    await stage.operator.sleep(stage.world.draw.between(0, stayMsMost));
    await until(stage, () => board.isOnline);
    board.tunnel.silence();
  });
}
