import type { Network } from '../network/network.ts';
import { clonedIdentity, deleted, reProvisioned, restored, rotated } from './key-life.ts';
import { olderDevice } from './older-device.ts';
import { changedCode, copiedImage, freshBoard, preProvisioned, race } from './onboarding.ts';
import { restless, silenced } from './restless.ts';
import type { Stage, Story } from './story.ts';

/** How often each story is told, in parts of all. */
const shares: readonly (readonly [number, (stage: Stage, network: Network) => Story])[] = [
  [50, freshBoard],
  [12, race],
  [8, copiedImage],
  [6, changedCode],
  [6, olderDevice],
  [10, rotated],
  [4, preProvisioned],
  [4, reProvisioned],
  [2, restless],
];

/** A refused device comes back after five to ten minutes, one gone silent after 90 s: only some worlds wait for such. */
const slowShares: typeof shares = [
  [2, deleted],
  [2, restored],
  [2, clonedIdentity],
  [2, silenced],
];
const slowWorlds = 0.1;

/** Stories of a world until they have this many boards. */
export function castStories(stage: Stage, network: Network, devices: number): Story[] {
  const told = stage.world.draw.chance(slowWorlds) ? [...shares, ...slowShares] : shares;
  const total = told.reduce((sum, [share]) => sum + share, 0);
  const stories: Story[] = [];
  let count = 0;
  while (count < devices) {
    let mark = stage.world.draw.whole(total);
    const [, tell] = told.find(([share]) => (mark -= share) < 0) ?? [0, freshBoard];
    const story = tell(stage, network);
    stories.push(story);
    count += Math.max(1, story.boards.length);
  }
  return stories;
}
