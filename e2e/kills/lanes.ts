/**
 * Runs lanes side by side. When one fails the others are told, and all have ended before the failure is thrown: nothing
 * that they started is left behind.
 *
 * @param lane asks between its rounds whether another has failed
 */
export async function runLanes(
  count: number,
  lane: (hasFailed: () => boolean) => Promise<void>,
): Promise<void> {
  let failed = false;
  const one = async (): Promise<void> => {
    try {
      await lane(() => failed);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: count }, one));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
