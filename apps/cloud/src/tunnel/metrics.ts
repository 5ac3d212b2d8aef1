import { Counter, Gauge, type Registry } from 'prom-client';
import type { TunnelGateway } from './gateway.ts';

/** Tunnels as Prometheus sees them. Read when scraped, so that they cost nothing in between. */
export function tunnelMetrics(registry: Registry, gateway: TunnelGateway): void {
  const registers = [registry];
  gauge('edgeflow_tunnels_open', 'Devices connected to this node', () => gateway.openTunnels);
  gauge('edgeflow_tunnels_unauthenticated', 'Sockets that have not authenticated', () => gateway.strangers);
  const closes = new Counter({
    name: 'edgeflow_tunnel_outcomes_total',
    help: 'Tunnels accepted, refused, evicted before they authenticated, silent, or replaced by a newer connection',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(gateway.counters)) this.inc({ outcome }, count);
    },
  });
  closes.reset();

  function gauge(name: string, help: string, read: () => number): void {
    const made = new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
    made.set(0);
  }
}
