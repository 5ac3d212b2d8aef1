import { runWorld } from './world/run-world.ts';
const seed = Number(process.argv[2] ?? 1), devices = Number(process.argv[3] ?? 5), runs = Number(process.argv[4] ?? 1);
const trace = process.argv[5] === '--trace';
Error.stackTraceLimit = 0;
const t0 = performance.now(); let n = 0;
for (let i = 0; i < runs; i++) {
  const r = await runWorld({ seed: seed + i, devices, print: trace ? (l) => process.stdout.write(l) : undefined });
  n += r.onboardings; if (i % 10 === 9) { const u = process.cpuUsage(); console.log(i, (u.user/1000/n).toFixed(2), 'cpu ms each', Math.round(process.memoryUsage().rss/1e6), 'MB', Math.round(process.memoryUsage().heapUsed/1e6)); }
  if (r.violation || runs < 5) console.log(r.seed, r.onboardings, r.violation?.message, r.traceHash, r.events, Math.round(r.simulatedMs), Math.round(r.healedMs), JSON.stringify(r.counts));
}
console.log(n, 'onboardings', ((performance.now() - t0) / n).toFixed(2), 'ms each');
