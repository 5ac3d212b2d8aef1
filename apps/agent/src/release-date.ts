/** RFC 3339. Set by the build (tools/bundle): the date of the commit; absent when run from source. */
declare const EDGEFLOW_BUILD_DATE: string | undefined;

/** When this source was last prepared for a release. Moves with the version; never into the future. */
const sourceDate = '2026-11-24T00:00:00Z';

/**
 * When this program was made, epoch milliseconds: nobody can be running it earlier, so a clock that says otherwise is
 * wrong. A build is never older than the source it was made from, whatever its date says.
 */
export const releasedMs = Math.max(
  Date.parse(sourceDate),
  typeof EDGEFLOW_BUILD_DATE === 'string' ? Date.parse(EDGEFLOW_BUILD_DATE) : 0,
);
