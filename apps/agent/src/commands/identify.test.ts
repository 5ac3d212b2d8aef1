import { FileError } from '@edgeflow/platform';
import { SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import type { Log } from '../log-port.ts';
import { Identify, identifySeconds } from './identify.ts';

const nothing = (): void => undefined;
const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const leds = '/pi/sys/class/leds';

async function board(lights: Record<string, string>): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  for (const [name, trigger] of Object.entries(lights)) {
    await files.makeFolder(`${leds}/${name}`);
    await files.write(`${leds}/${name}/trigger`, Buffer.from(trigger), 0o644);
  }
  return files;
}

async function shown(files: SimulatedFiles, led: string): Promise<string> {
  return Buffer.from(await files.read(`${leds}/${led}/trigger`)).toString('utf8');
}

function identifyOn(files: SimulatedFiles) {
  const time = new SimulatedTime(0);
  return { time, identify: new Identify({ files, timers: time, log: silentLog, root: '/pi' }) };
}

describe('a device that somebody looks for', () => {
  it('blinks with the light that boards make for it, and shows what it showed afterwards', async () => {
    const files = await board({ 'eth0:link': '[netdev]', PWR: '[default-on]', ACT: 'none timer [mmc0] cpu' });
    const { identify, time } = identifyOn(files);
    expect(await identify.run()).toEqual({ led: 'ACT', seconds: identifySeconds });
    expect(await shown(files, 'ACT')).toBe('timer');
    await time.advance(identifySeconds * 1000 - 1);
    expect(await shown(files, 'ACT')).toBe('timer');
    await time.advance(1);
    expect(await shown(files, 'ACT')).toBe('mmc0');
    expect(time.pendingCount).toBe(0);
  });

  it('goes on for as long once more when it is asked again, also at the same moment', async () => {
    const files = await board({ led0: '[mmc0] timer' });
    const { identify, time } = identifyOn(files);
    await Promise.all([identify.run(), identify.run()]);
    await time.advance(10_000);
    await identify.run();
    await time.advance(10_000);
    expect(await shown(files, 'led0')).toBe('timer');
    await time.advance(5_000);
    expect(await shown(files, 'led0')).toBe('mmc0');
  });

  it('gives the light back when the agent stops', async () => {
    const files = await board({ ACT: '[mmc0]' });
    const { identify, time } = identifyOn(files);
    await identify.run();
    await identify.stop();
    expect(await shown(files, 'ACT')).toBe('mmc0');
    expect(time.pendingCount).toBe(0);
  });

  it('answers all the same without a light, or without the right to use it', async () => {
    expect(await identifyOn(new SimulatedFiles()).identify.run()).toEqual({ led: null, seconds: 0 });
    expect(await identifyOn(await board({ 'eth0:link': '[netdev]' })).identify.run()).toEqual({
      ...{ led: null, seconds: 0 },
    });
    const files = await board({ ACT: '[mmc0]' });
    files.write = () => Promise.reject(new FileError('EACCES', 'permission denied'));
    expect(await identifyOn(files).identify.run()).toEqual({ led: null, seconds: 0 });
  });
});
