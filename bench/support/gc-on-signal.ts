/**
 * `--import`ed, with `--expose-gc`, into processes whose memory is measured: on SIGUSR2 everything unused is given
 * back, and one line of JSON says what is left, in bytes.
 */
import { setImmediate as turn } from 'node:timers/promises';

const collections = 3;

process.on('SIGUSR2', () => void report());

async function report(): Promise<void> {
  for (let done = 0; done < collections; done += 1) {
    // The flavour that also shrinks the heap: what V8 merely keeps for later is not the tunnels' memory.
    await globalThis.gc?.({ type: 'major', execution: 'async', flavor: 'last-resort' });
    await turn();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ benchMemory: { rss, heapUsed, external } })}\n`);
}
