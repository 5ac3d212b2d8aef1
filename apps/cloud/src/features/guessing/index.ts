export { FailureBudget, Guesses } from './budget.ts';
export { guessingMetrics } from './metrics.ts';
export { codeGroupsLeast } from './store.ts';
export { GuessWatch } from './watch.ts';
