import { Counter, Gauge, type Registry } from 'prom-client';
import type { SlowLane } from './slow-lane.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** The connections of the listeners as Prometheus sees them. Read when scraped. */
export function listenerMetrics(
  registry: Registry,
  rooms: Readonly<Record<string, WaitingRoom>>,
  lane: SlowLane,
): void {
  new Gauge({
    name: 'edgeflow_connections_slowed',
    help: 'Connections that wait for their turn because their address has been costly',
    registers: [registry],
    collect() {
      this.set(lane.waiting);
    },
  });
  const shared = { labelNames: ['listener'], registers: [registry] };
  new Gauge({
    ...shared,
    name: 'edgeflow_connections_waiting',
    help: 'Connections that wait for their client: no complete request yet, or an answer that is not read',
    collect() {
      for (const [listener, room] of Object.entries(rooms)) this.set({ listener }, room.size);
    },
  });
  new Counter({
    ...shared,
    name: 'edgeflow_connections_evicted_total',
    help: 'Connections that were sent away because too many waited for their client',
    collect() {
      this.reset();
      for (const [listener, room] of Object.entries(rooms)) this.inc({ listener }, room.evicted);
    },
  });
}
