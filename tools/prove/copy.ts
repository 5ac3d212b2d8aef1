import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ourScope = '@edgeflow';

/**
 * A copy of the tree in a new temporary folder: of what git knows plus what it would take in, the `wanted` files at
 * their present content.
 *
 * Installed packages are links into the original `node_modules`, one by one, because our own must not be: those
 * point at the workspaces of the copy, or a violation planted there would be looked for in the original tree.
 */
export function copyTree(root: string, wanted: (file: string) => boolean = () => true): string {
  const copy = mkdtempSync(join(tmpdir(), 'edgeflow-gates-'));
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  for (const file of listing.toString().split('\0')) {
    // A file that git still lists may be gone from the working tree.
    if (file === '' || !wanted(file) || !existsSync(join(root, file))) continue;
    cpSync(join(root, file), join(copy, file), { recursive: true, preserveTimestamps: true });
  }
  linkPackages(root, copy);
  return copy;
}

function linkPackages(root: string, copy: string): void {
  const from = join(root, 'node_modules');
  const to = join(copy, 'node_modules');
  mkdirSync(join(to, ourScope), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === ourScope || name.startsWith('.')) continue;
    symlinkSync(join(from, name), join(to, name));
  }
  for (const room of ['packages', 'apps']) {
    if (!existsSync(join(copy, room))) continue;
    for (const workspace of readdirSync(join(copy, room))) {
      symlinkSync(join('..', '..', room, workspace), join(to, ourScope, workspace));
      // What npm has put beside one workspace, for want of another version at the root.
      const own = join(root, room, workspace, 'node_modules');
      if (existsSync(own)) symlinkSync(own, join(copy, room, workspace, 'node_modules'));
    }
  }
}

/** What to do to a file of the copy: its whole text, or a change of the text it has. */
export type Change = string | ((text: string) => string);

export function applyChanges(copy: string, changes: Readonly<Record<string, Change>>): void {
  for (const [file, change] of Object.entries(changes)) {
    const path = join(copy, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof change === 'string' ? change : change(readFileSync(path, 'utf8')));
  }
}
