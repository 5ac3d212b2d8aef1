/** Every kind of fault that a world can have, and what it is called in the report. */
export const faultKinds = {
  request_lost: 'requests lost',
  reply_lost: 'replies lost',
  bytes_delayed: 'bytes delayed past a time-out, delivered late',
  request_duplicated: 'requests delivered twice',
  cut_mid_frame: 'connections cut in the middle of a request, an answer or a frame',
  connection_reset: 'connections reset',
  connection_silent: 'connections gone silent (half-open)',
  close_told_late: 'closes that one end heard late',
  dns_failed: 'names not resolved',
  connection_refused: 'connections refused (cloud down)',
  captive_portal: 'captive portals (HTML with 200)',
  agent_killed: 'agents killed between two effects',
  agent_killed_at_file: 'agents killed at a file operation',
  power_cut: 'power cuts (unsynced bytes and names lost, torn or reordered)',
  cloud_killed: 'clouds killed between two effects',
  cloud_killed_at_statement: 'clouds killed at a statement of the database',
  cloud_killed_before_commit: 'clouds killed just before a commit',
  cloud_killed_after_commit: 'clouds killed just after a commit',
  cloud_restarted: 'clouds restarted gracefully',
  commit_lost: 'commits lost, with an error',
  commit_unknown: 'commits applied, answered with an error',
  storage_slow: 'statements on slow storage',
  storage_full: 'statements refused, storage full',
  fsync_failed: 'fsyncs failed',
  disk_full: 'file operations refused, disk full',
  disk_read_only: 'file operations refused, disk read-only',
  disk_error: 'file operations failed (EIO)',
  clock_1970: 'device clocks at 1970',
  clock_2099: 'device clocks at 2099',
  clock_jump: 'device clocks that jumped',
} as const;

export type FaultKind = keyof typeof faultKinds;

export type FaultCounts = Partial<Record<FaultKind, number>>;

export function addCounts(into: FaultCounts, more: FaultCounts): void {
  for (const [kind, count] of Object.entries(more)) {
    into[kind as FaultKind] = (into[kind as FaultKind] ?? 0) + count;
  }
}
