import { targetOf } from './load/dial.ts';
import { loadHttp } from './load/http-load.ts';
import { registrationRequests } from './load/registration-requests.ts';
import { Cleanup } from './support/cleanup.ts';
import { startCloud } from './support/cloud.ts';
import { makeFolder } from './support/folders.ts';
import { cpuSeconds } from './support/child.ts';
const n = Number(process.argv[2] ?? 64),
  rounds = Number(process.argv[3] ?? 4),
  per = n === 1 ? 2000 : 10000;
const prof = process.argv[4];
const c = new Cleanup();
try {
  const folder = makeFolder(c, 'rate');
  const cloud = await startCloud(c, {
    folder,
    nodeFlags: prof ? ['--cpu-prof', `--cpu-prof-dir=${prof}`, '--cpu-prof-interval=200'] : [],
  });
  const codes = await cloud.operator.makeCodes(per * rounds);
  const reqs = registrationRequests(cloud.plain.host, codes);
  const t = targetOf(cloud.plain);
  const out = [];
  for (let i = 0; i < rounds; i++) {
    const b = cpuSeconds(cloud.child.pid),
      me = process.cpuUsage();
    const r = await loadHttp(t, n, reqs.slice(i * per, (i + 1) * per), 201);
    const m = process.cpuUsage(me);
    out.push(
      `${Math.round(r.ratePerSecond)}/s p50 ${r.p50Ms.toFixed(1)} p99 ${r.p99Ms.toFixed(1)} cpu ${(((cpuSeconds(cloud.child.pid) - b) / per) * 1e6).toFixed(0)} client ${((m.user + m.system) / per).toFixed(0)}`,
    );
  }
  console.log(process.cwd(), n, out.join(' | '));
  await cloud.child.stop();
} finally {
  await c.run();
}
