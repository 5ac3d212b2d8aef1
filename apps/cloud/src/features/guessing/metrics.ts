import { Counter, Gauge, type Registry } from 'prom-client';
import type { WrongCredentials } from '../../limits/wrong-credentials.ts';
import type { FailureBudget } from './budget.ts';
import type { GuessWatch } from './watch.ts';

export interface GuessingMetricsOptions {
  readonly budget: FailureBudget;
  readonly watch: GuessWatch;
  readonly wrongKeys: WrongCredentials;
  readonly wrongTokens: WrongCredentials;
}

/** Guessing as Prometheus sees it. Read when scraped, so that it costs nothing in between. */
export function guessingMetrics(registry: Registry, options: GuessingMetricsOptions): void {
  const { budget, watch, wrongKeys, wrongTokens } = options;
  const registers = [registry];
  new Counter({
    name: 'edgeflow_unknown_codes_total',
    help: 'Distinct unknown provisioning codes that addresses have tried on this node',
    registers,
    collect() {
      this.reset();
      this.inc(budget.guessesTotal);
    },
  }).reset();
  new Gauge({
    name: 'edgeflow_unknown_codes_today',
    help: 'Distinct unknown provisioning codes of the last 24 hours, over all nodes',
    registers,
    collect() {
      this.set(budget.guessesToday);
    },
  }).set(0);
  new Gauge({
    name: 'edgeflow_guessing_alarm',
    help: '0: calm; 1: provisioning codes are guessed, new ones are longer; 2: heavily',
    registers,
    collect() {
      this.set(watch.level);
    },
  }).set(0);
  new Gauge({
    name: 'edgeflow_limiter_entries',
    help: 'Addresses with failures that a limiter remembers',
    labelNames: ['limiter'],
    registers,
    collect() {
      this.set({ limiter: 'codes' }, budget.size);
      this.set({ limiter: 'keys' }, wrongKeys.size);
      this.set({ limiter: 'tokens' }, wrongTokens.size);
    },
  }).reset();
}
