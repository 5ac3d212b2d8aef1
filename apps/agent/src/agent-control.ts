import type {
  Diagnosis,
  Problem,
  ProvisionResponse,
  SaasConfig,
  SaasConfigUpdate,
  SaasStatus,
} from '@edgeflow/contract';

/**
 * What the local API may ask of the running agent. Implemented by `control.ts`.
 * What cannot be done is an outcome; a call rejects only for a fault of this program.
 */
export interface AgentControl {
  status(): SaasStatus;
  /** With the key masked, and never the code. */
  config(): SaasConfig;
  /**
   * Whether changes need the local token: true unless the vault has been read and holds no identity. One that is not
   * read yet, or cannot be, may hold one, and is protected like it.
   */
  readonly isProvisioned: boolean;
  /**
   * Redeems a code. Settles at the first answer: credentials (durable by then), the cloud's own problem, or why there
   * is none yet; in that last case the agent may go on trying by itself.
   */
  provision(code: string, force: boolean): Promise<ControlOutcome<ProvisionResponse>>;
  /** Changes settings durably and puts them into effect. A masked key is ignored. */
  configure(update: SaasConfigUpdate): Promise<ControlOutcome<SaasConfig>>;
  connect(): Promise<ControlOutcome<SaasStatus>>;
  disconnect(): Promise<ControlOutcome<SaasStatus>>;
  diagnose(): Promise<Diagnosis>;
}

export type ControlOutcome<T> =
  | { readonly ok: true; readonly value: T }
  /** To be sent with `problem.status`. */
  | { readonly ok: false; readonly problem: Problem };
