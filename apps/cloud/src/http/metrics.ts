import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

const bucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Notes how long one request of a route took. Prepared per route, so that noting costs no look-up by label. */
export type RequestObserver = (status: number, durationMs: number) => void;

export interface HttpMetrics {
  readonly registry: Registry;
  /** @param route the pattern; never the address as sent, which is unbounded. */
  observer(method: string, route: string): RequestObserver;
}

/** A registry with the process's own metrics; every feature adds its own to it. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

export function httpMetrics(registry: Registry): HttpMetrics {
  const durations = new Histogram({
    name: 'edgeflow_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: bucketsSeconds,
    registers: [registry],
  });
  return {
    registry,
    observer(method, route) {
      const byClass = new Map<number, (seconds: number) => void>();
      return (status, durationMs) => {
        const statusClass = Math.floor(status / 100);
        let observe = byClass.get(statusClass);
        if (observe === undefined) {
          const child = durations.labels(method, route, `${String(statusClass)}xx`);
          observe = (seconds) => {
            child.observe(seconds);
          };
          byClass.set(statusClass, observe);
        }
        observe(durationMs / 1000);
      };
    },
  };
}
