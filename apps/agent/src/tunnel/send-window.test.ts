import { describe, expect, it } from 'vitest';
import { SendWindow, windowBytesMax } from './send-window.ts';

describe('the send window', () => {
  it('lets no more than its size wait in a socket', () => {
    const window = new SendWindow();
    expect(window.take(windowBytesMax)).toBe(true);
    expect(window.take(1)).toBe(false);
  });

  it('opens again by what a pong proves to have left', () => {
    const window = new SendWindow();
    window.take(windowBytesMax / 2);
    window.onPing();
    window.take(windowBytesMax / 2);
    window.onPong();
    expect(window.take(windowBytesMax / 2)).toBe(true);
    expect(window.take(1)).toBe(false);
  });

  it('asks for a ping when half of it is filled, once', () => {
    const window = new SendWindow();
    window.take(windowBytesMax / 2);
    expect(window.wantsPing).toBe(false);
    window.take(1);
    expect(window.wantsPing).toBe(true);
    window.onPing();
    expect(window.wantsPing).toBe(false);
  });

  it('is not opened by pongs that nobody asked for', () => {
    const window = new SendWindow();
    window.take(windowBytesMax);
    window.onPong();
    expect(window.take(1)).toBe(false);
  });

  it('lets any amount through a socket that drains', () => {
    const window = new SendWindow();
    for (let i = 0; i < 1000; i += 1) {
      expect(window.take(64 * 1024)).toBe(true);
      if (!window.wantsPing) continue;
      window.onPing();
      window.onPong();
    }
  });
});
