import type { RootedFiles } from './rooted-files.ts';

/** Runtimes by what their control groups are called, for containers that leave no other trace. */
const controlGroupHints = [
  [/\/libpod[-_]/, 'podman'],
  [/\/docker[-/]/, 'docker'],
  [/\/kubepods/, 'kubernetes'],
  [/\/lxc(?:\.payload)?[./]/, 'lxc'],
  [/\/machine\.slice\/systemd-nspawn/, 'systemd-nspawn'],
] as const;

/**
 * The kind of container this process runs in, by systemd-detect-virt's names, or undefined.
 *
 * In order: what an init system found out, what the runtime told the first process (container interface,
 * systemd.io/CONTAINER_INTERFACE), the mark files of Podman and Docker, and control groups.
 */
export async function readContainer(files: RootedFiles): Promise<string | undefined> {
  const told = (await files.line('/run/systemd/container')) ?? (await firstProcessSetting(files));
  if (told !== undefined) return runtimeName(told);
  if (await files.exists('/run/.containerenv')) return 'podman';
  if (await files.exists('/.dockerenv')) return 'docker';
  const groups = (await files.text('/proc/1/cgroup')) ?? '';
  return controlGroupHints.find(([hint]) => hint.test(groups))?.[1];
}

/** `container=` in the environment of process 1, which only root may read. */
async function firstProcessSetting(files: RootedFiles): Promise<string | undefined> {
  const variables = ((await files.text('/proc/1/environ')) ?? '').split('\0');
  const setting = variables.find((variable) => variable.startsWith('container='))?.slice('container='.length);
  return setting === '' ? undefined : setting;
}

function runtimeName(told: string): string {
  return /^[a-z0-9][a-z0-9._-]{0,31}$/.test(told) ? told : 'container-other';
}
