import { runWorld } from './world/run-world.ts';
import { addCounts, type FaultCounts } from './world/faults.ts';
Error.stackTraceLimit = 5;
const [seed=1, devices=20, runs=5] = process.argv.slice(2).map(Number);
const counts: FaultCounts = {}; let n=0; const st: Record<string,number>={}; let heal=0;
const t0=performance.now();
for (let i=0;i<runs;i++) { const r = await runWorld({seed:seed+i,devices, print: process.argv.includes('--trace') ? (l)=>process.stdout.write(l): undefined}); n+=r.onboardings; addCounts(counts,r.counts); heal=Math.max(heal,r.healedMs);
 for (const [k,v] of Object.entries(r.stories)) st[k]=(st[k]??0)+v;
 if (r.violation) console.log(r.seed, r.violation.message, r.traceHash); }
console.log(n, 'onboardings', ((performance.now()-t0)/n).toFixed(1),'ms', (process.cpuUsage().user/1000/n).toFixed(1), 'cpu; longest heal', heal, JSON.stringify(st), JSON.stringify(counts));
