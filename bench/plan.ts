/** How much is measured. Counts are large enough that a round lasts seconds; a quick run is for trying things out. */
export interface Plan {
  readonly rounds: number;
  /** How long to wait, before each table, for other programs to leave the processors alone. */
  readonly quietWaitMs: number;
  readonly registrations: {
    /** Requests at each number of concurrent devices. */
    readonly levels: readonly { readonly devices: number; readonly requests: number }[];
    readonly tls: { readonly devices: number; readonly requests: number };
  };
  readonly tunnels: { readonly devices: number; readonly atOnce: number };
  readonly devices: {
    readonly fleet: number;
    /** Times that each read of the list is made. */
    readonly reads: number;
    /** Times that a browser opens the page. */
    readonly opened: number;
    /** Registrations that are made with nobody searching, and beside somebody who does. */
    readonly registrations: number;
  };
  readonly memory: { readonly rounds: number; readonly plain: number; readonly tls: number };
  readonly agent: { readonly rounds: number; readonly idleSeconds: number };
}

export const fullPlan: Plan = {
  rounds: 3,
  quietWaitMs: 20_000,
  registrations: {
    levels: [
      { devices: 1, requests: 500 },
      { devices: 16, requests: 4_000 },
      { devices: 64, requests: 8_000 },
      { devices: 256, requests: 8_000 },
    ],
    tls: { devices: 64, requests: 8_000 },
  },
  tunnels: { devices: 2_000, atOnce: 64 },
  devices: { fleet: 100_000, reads: 60, opened: 15, registrations: 8_000 },
  memory: { rounds: 2, plain: 5_000, tls: 2_000 },
  agent: { rounds: 3, idleSeconds: 5 },
};

export const quickPlan: Plan = {
  rounds: 1,
  quietWaitMs: 0,
  registrations: {
    levels: [
      { devices: 1, requests: 100 },
      { devices: 16, requests: 800 },
      { devices: 64, requests: 2_000 },
      { devices: 256, requests: 2_000 },
    ],
    tls: { devices: 64, requests: 1_000 },
  },
  tunnels: { devices: 500, atOnce: 64 },
  devices: { fleet: 20_000, reads: 10, opened: 5, registrations: 1_000 },
  memory: { rounds: 1, plain: 800, tls: 300 },
  agent: { rounds: 1, idleSeconds: 1 },
};
