// Loads koffi. Its own index.js spends 9 ms finding the binary that belongs to this machine; the build puts that
// binary beside the bundle, and opening it directly takes 1.3 ms.
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

type Koffi = typeof import('koffi');

/** Where the build puts native files for this machine: `dist/linux-x64`. */
export function nativeFolder(): string {
  const here = typeof __dirname === 'string' ? __dirname : path.dirname(new URL(import.meta.url).pathname);
  const dist = path.basename(here) === 'dist' ? here : path.join(here, '..', 'dist');
  return path.join(dist, `linux-${process.arch}`);
}

let loaded: Koffi | undefined;

/** What process.exit() calls last, after the 'exit' handlers. */
interface Exiting {
  reallyExit(status: number): void;
}

/**
 * koffi, loaded by the first call. The process then ends by _exit(2): among what exit(3) runs is a destructor of koffi's that
 * calls fsync on standard output and error, which takes milliseconds of a disk where they are files.
 */
export function koffi(): Koffi {
  if (loaded) return loaded;
  const direct = path.join(nativeFolder(), 'koffi.node');
  try {
    const module = { exports: {} };
    process.dlopen(module, direct);
    loaded = module.exports as Koffi;
  } catch (error) {
    // No such file in a tree that was never built, or a libc that the copy does not fit: koffi finds the right one itself.
    if (existsSync(direct) && !/libc|symbol|ELF/i.test(String(error))) throw error;
    const { createRequire } = process.getBuiltinModule('node:module');
    loaded = createRequire(typeof __filename === 'string' ? __filename : import.meta.url)('koffi') as Koffi;
  }
  (process as unknown as Exiting).reallyExit = (status) => loaded!.load(null).func('_exit', 'void', ['int'])(status);
  return loaded;
}
