import type { LifeEffect, LifeState, LifeStep } from './model.ts';

/** How the parts of the machine put their steps together. */

export function stay(state: LifeState): LifeStep {
  return { state, effects: [] };
}

export function go(state: LifeState, ...effects: LifeEffect[]): LifeStep {
  return { state, effects };
}

/** Each part goes on from the state the one before has left, and the effects follow in that order. */
export function inTurn(state: LifeState, ...parts: readonly ((state: LifeState) => LifeStep)[]): LifeStep {
  const effects: LifeEffect[] = [];
  let reached = state;
  for (const part of parts) {
    const step = part(reached);
    reached = step.state;
    effects.push(...step.effects);
  }
  return { state: reached, effects };
}
