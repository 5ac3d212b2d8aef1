import { toRfc3339 } from '@edgeflow/platform';
import { SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { KnownTime } from './known-time.ts';
import { releasedMs } from './release-date.ts';

const dayMs = 24 * 3600 * 1000;
const path = '/state/known-time.json';
let time: SimulatedTime;
let files: SimulatedFiles;

beforeEach(async () => {
  time = new SimulatedTime(0);
  files = new SimulatedFiles();
  await files.makeFolder('/state');
});

async function start(isKept = true): Promise<KnownTime> {
  const known = new KnownTime({ clock: time, files, stateFolder: '/state', root: '/', isKept });
  await known.load();
  return known;
}

/** Told over a certificate that was issued ten days after the release and is valid for ninety. */
async function tell(known: KnownTime, cloudMs: number, lifeDays = 90): Promise<void> {
  const fromMs = releasedMs + 10 * dayMs;
  known.onCloudTime({ cloudMs, ageMs: 0, certificate: { fromMs, untilMs: fromMs + lifeDays * dayMs } });
  await known.settled();
}

describe('the least that the time can be', () => {
  it('is the release of the program, on a fresh device', async () => {
    expect((await start()).floorMs).toBe(releasedMs);
    expect(releasedMs).toBeLessThanOrEqual(Date.now());
  });

  it('is the newest time that a verified cloud has told, also for the next process', async () => {
    const known = await start();
    await tell(known, releasedMs + 20 * dayMs);
    await tell(known, releasedMs + 15 * dayMs);
    expect(known.floorMs).toBe(releasedMs + 20 * dayMs);
    files.powerCut();
    expect((await start()).floorMs).toBe(releasedMs + 20 * dayMs);
    expect(await files.stat(path)).toMatchObject({ mode: 0o600 });
  });

  it('is not what a cloud says whose certificate was not valid then, or without TLS', async () => {
    const known = await start();
    await tell(known, releasedMs + 101 * dayMs);
    await tell(known, releasedMs + 9 * dayMs);
    known.onCloudTime({ cloudMs: releasedMs + 50 * dayMs, ageMs: 0, certificate: undefined });
    known.onCloudTime({ cloudMs: Number.NaN, ageMs: 0, certificate: undefined });
    expect(known.floorMs).toBe(releasedMs);
  });

  it('is not carried away by a cloud whose clock is years ahead, however long its certificate is valid', async () => {
    const known = await start();
    await tell(known, releasedMs + 2000 * dayMs, 3650);
    expect(known.floorMs).toBe(releasedMs);
  });

  it('is written at most once a day', async () => {
    const known = await start();
    await tell(known, releasedMs + 20 * dayMs);
    const written = Buffer.from(await files.read(path)).toString();
    await tell(known, releasedMs + 20.9 * dayMs);
    expect(Buffer.from(await files.read(path)).toString()).toBe(written);
    await tell(known, releasedMs + 21 * dayMs);
    expect(Buffer.from(await files.read(path)).toString()).not.toBe(written);
  });

  it('is not written by a diagnosis', async () => {
    await tell(await start(false), releasedMs + 20 * dayMs);
    expect(await files.list('/state')).toEqual([]);
  });

  it.each(['', 'torn', '{"not_before":"soon"}', '{"not_before":"1999-01-01T00:00:00Z"}', '[]'])(
    'is the release when the file holds %j',
    async (text) => {
      await files.write(path, Buffer.from(text), 0o600);
      expect((await start()).floorMs).toBe(releasedMs);
    },
  );

  it.each(['9999-12-31T23:59:59Z', toRfc3339(releasedMs + 10_958 * dayMs)])(
    'is the release when the file says %s, which is said until the cloud’s word has replaced it',
    async (text) => {
      await files.write(path, Buffer.from(JSON.stringify({ not_before: text })), 0o600);
      const known = await start();
      expect(known.floorMs).toBe(releasedMs);
      expect(known.notice).toMatchObject({
        code: 'known_time_implausible',
        detail: expect.stringContaining(`${path} says that it is at least ${text}`) as string,
      });
      await tell(known, releasedMs + 20 * dayMs);
      expect(known.notice).toBeUndefined();
      const next = await start();
      expect([next.floorMs, next.notice]).toEqual([releasedMs + 20 * dayMs, undefined]);
    },
  );

  it('is what the file says for nearly thirty years after the release, and no cloud’s word is more', async () => {
    const keptMs = releasedMs + 10_957 * dayMs;
    await files.write(path, Buffer.from(JSON.stringify({ not_before: toRfc3339(keptMs) })), 0o600);
    const known = await start();
    expect([known.floorMs, known.notice]).toEqual([keptMs, undefined]);
    const cloudMs = keptMs + dayMs;
    const certificate = { fromMs: keptMs, untilMs: keptMs + 90 * dayMs };
    known.onCloudTime({ cloudMs, ageMs: 0, certificate });
    expect(known.floorMs).toBe(keptMs);
  });

  it('is known although the disk takes nothing, and is kept once it does', async () => {
    const known = await start();
    files.fault = (step) => (step === 'write' ? 'ENOSPC' : undefined);
    await tell(known, releasedMs + 20 * dayMs);
    expect(known.floorMs).toBe(releasedMs + 20 * dayMs);
    files.fault = () => undefined;
    await tell(known, releasedMs + 20 * dayMs);
    expect((await start()).floorMs).toBe(releasedMs + 20 * dayMs);
  });
});

describe('how far the clock is off', () => {
  it('is not known before a cloud has told its time', async () => {
    expect((await start()).skewMs).toBeUndefined();
  });

  it('follows the clock when it is set, without another word of the cloud', async () => {
    const known = await start();
    await tell(known, releasedMs + 20 * dayMs);
    expect(known.skewMs).toBe(-releasedMs - 20 * dayMs);
    await time.advance(60_000);
    expect(known.skewMs).toBe(-releasedMs - 20 * dayMs);
    time.setWallClock(releasedMs + 20 * dayMs + 60_000);
    expect(known.skewMs).toBe(0);
  });

  it('takes into account how long the answer was on its way', async () => {
    const known = await start();
    known.onCloudTime({ cloudMs: -500, ageMs: 500, certificate: undefined });
    expect(known.skewMs).toBe(0);
  });
});

describe('the clock', () => {
  it('is free where systemd runs and has not set it, synchronised where it has, else unknown', async () => {
    const known = await start();
    expect(await known.clockState()).toBe('unknown');
    await files.makeFolder('/run/systemd/system');
    expect(await known.clockState()).toBe('free');
    await files.makeFolder('/run/systemd/timesync');
    await files.write('/run/systemd/timesync/synchronized', new Uint8Array(), 0o644);
    expect(await known.clockState()).toBe('synchronized');
  });
});
