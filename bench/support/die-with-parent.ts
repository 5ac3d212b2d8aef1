/**
 * `--import`ed into every process that the bench starts: it ends when the bench has ended, however that came about.
 */
const lookMs = 1_000;
const parent = process.ppid;

setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, lookMs).unref();
