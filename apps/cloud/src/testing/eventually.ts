const withinMsDefault = 10_000;
const pauseMs = 5;

/**
 * Looks again and again until `look` gives something, and returns it. For conditions that nothing announces.
 *
 * @throws when nothing came within the bound, naming `what` was waited for
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  withinMs = withinMsDefault,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
}

/** The same for a condition that is true or false. */
export async function eventuallyTrue(
  what: string,
  look: () => boolean | Promise<boolean>,
  withinMs = withinMsDefault,
): Promise<void> {
  await eventually(what, async () => ((await look()) ? true : undefined), withinMs);
}
