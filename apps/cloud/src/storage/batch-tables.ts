/** Batches of codes, and the words by which codes are found. */
export interface BatchTables {
  code_words: CodeWordRow;
  batches: BatchRow;
  batch_rows: BatchRowRow;
}

/** A word of a code's name or of its device's name, for searches by the beginning of words. */
export interface CodeWordRow {
  organization_id: string;
  /** Lower case, letters and digits; compared by its bytes. */
  word: string;
  code_id: string;
}

export interface BatchRow {
  id: string;
  organization_id: string;
  name: string | null;
  created_at_ms: number;
  created_by: string;
  /** SHA-256 of the request's Idempotency-Key, hexadecimal; null when it had none. */
  request_hash: string | null;
  /** SHA-256 of what was asked for: the same key with another request is a mistake. */
  content_hash: string;
  ttl_seconds: number;
  /** The wish for a length of codes; null: as short as is safe. */
  group_count: number | null;
  device_group: string | null;
  bind_board_model: string | null;
  /** When the codes of its newest edition expire. */
  expires_at_ms: number;
  rows_total: number;
  /** Rows that the work at hand has done. */
  rows_done: number;
  /** Grows by one with every *Replace unused*. */
  edition: number;
  /** What is being done to its rows; null: nothing. */
  work: 'make' | 'replace' | null;
  /** The last row that the work at hand has done. */
  work_after: number;
  /** Until when the texts of its codes are kept; null while they are being made, and once they are wiped. */
  texts_until_ms: number | null;
  texts_wiped_at_ms: number | null;
  /** Why they were: somebody said *I saved them*, their hour was over, or the batch was revoked. */
  texts_wiped_reason: 'saved' | 'expired' | 'revoked' | null;
  revoked_at_ms: number | null;
}

export interface BatchRowRow {
  batch_id: string;
  /** From 1. */
  number: number;
  device_name: string | null;
  /** JSON list. */
  tags: string;
  mac_address: string | null;
  serial_number: string | null;
  /** Its newest code; null until it is made. */
  code_id: string | null;
  /** The text of that code, sealed; null before it is made and once it is wiped. */
  sealed_text: string | null;
}
