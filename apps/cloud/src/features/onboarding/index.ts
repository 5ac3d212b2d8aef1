export { countMade, countOnline, countRedeemed } from './counts.ts';
export { onboardingSince } from './store.ts';
