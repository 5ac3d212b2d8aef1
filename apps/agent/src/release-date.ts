/** Set by the build of a package (`--define:EDGEFLOW_BUILD_DATE="…"`, RFC 3339); absent when run from source. */
declare const EDGEFLOW_BUILD_DATE: string | undefined;

/** When this source was last prepared for a release. Moves with the version; never into the future. */
const sourceDate = '2026-11-24T00:00:00Z';

/**
 * When this program was made, epoch milliseconds: nobody can be running it earlier, so a clock that says otherwise is
 * wrong.
 */
export const releasedMs = Date.parse(
  typeof EDGEFLOW_BUILD_DATE === 'string' ? EDGEFLOW_BUILD_DATE : sourceDate,
);
