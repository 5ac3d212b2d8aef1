import { Counter, type Registry } from 'prom-client';
import type { Clones } from './service.ts';

export function cloneMetrics(registry: Registry, clones: Clones): void {
  const counter = new Counter({
    name: 'edgeflow_clones_total',
    help: 'Devices found to share an identity, and those of them that were put into quarantine',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(clones.counters)) this.inc({ outcome }, count);
    },
  });
  counter.reset();
}
