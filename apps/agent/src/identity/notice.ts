/**
 * Something a person should know although the agent goes on. Free of secrets, so it may be logged and shown.
 */
export interface Notice {
  readonly code: NoticeCode;
  /** What was found, in plain English. */
  readonly detail: string;
  /** What a person does now. */
  readonly nextStep: string;
}

export type NoticeCode =
  | 'board_changed'
  | 'folder_open_to_others'
  | 'kept_aside'
  | 'key_changed'
  | 'key_looks_typed'
  | 'key_open_to_others'
  | 'known_time_implausible'
  | 'machine_id_changed'
  | 'not_durable'
  | 'other_key_unusable'
  | 'reseal_failed'
  | 'token_open_to_others'
  | 'token_replaced';
