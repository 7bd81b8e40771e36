// A store of a test's own: modules of src that are loaded afterwards keep everything below a temporary folder.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';

export interface TempStore {
  readonly prefix: string;
  /** `prefix`, with a path of the store below it. */
  at(file: string): string;
  remove(): void;
}

/** Where the store is is read when a module is first loaded, so import what is tested with `await import()` after this. */
export function tempStore(): TempStore {
  const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'virsh-lxc-unit-'));
  vi.resetModules();
  vi.stubEnv('VIRSH_LXC_PREFIX', prefix);
  return {
    prefix,
    at: (file) => path.join(prefix, file),
    remove: () => {
      vi.unstubAllEnvs();
      fs.rmSync(prefix, { recursive: true, force: true });
    },
  };
}

type TranscriptOf = typeof import('./recorded-session.ts').transcriptOf;

/** A store with these files in it, and what runs command lines over it. */
export async function commandStore(files: Readonly<Record<string, string>>): Promise<{ store: TempStore; transcriptOf: TranscriptOf }> {
  const store = tempStore();
  const { transcriptOf } = await import('./recorded-session.ts');
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(store.at(name), text);
  return { store, transcriptOf };
}

/** Every file below a folder, with what is in it, by its path from there; folders end in a slash, links read `-> target`. */
export function tree(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file);
    if (entry.isDirectory()) found[`${name}/`] = '';
    else found[name] = entry.isSymbolicLink() ? `-> ${fs.readlinkSync(file)}` : fs.readFileSync(file, 'utf8');
  }
  return found;
}
