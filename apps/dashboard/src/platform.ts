/** The browser's own clock, timers and storage: the one place that touches them, so that a test may replace them. */

export function nowMs(): number {
  return Date.now();
}

/** Calls once after `ms`; the answer takes it back. */
export function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => {
    clearTimeout(timer);
  };
}

/** Calls every `ms` until taken back by what it answers. */
export function every(ms: number, call: () => void): () => void {
  const timer = setInterval(call, ms);
  return () => {
    clearInterval(timer);
  };
}

/** Whether the page was loaded anew by a reload less than `ms` ago. */
export function wasReloadedWithin(ms: number): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return navigation?.type === 'reload' && performance.now() < ms;
}

/** Under the policy of the page, only style elements that carry this are taken. Empty under the dev server. */
export function styleNonce(): string {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  return nonce.startsWith('%') ? '' : nonce;
}

/** 64 hexadecimal characters that nobody can guess: a key that the page makes for one request. */
export function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
