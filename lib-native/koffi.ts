// Loads koffi's native part, which the build puts beside the program: its JavaScript takes longer to load than all of ours.
import path from 'node:path';
import process from 'node:process';
import { exitBy, programFolder } from './runtime.ts';

type Koffi = typeof import('koffi');

let loaded: Koffi | undefined;

/**
 * koffi, loaded by the first call. The process then ends by _exit(2): among what exit(3) runs is a destructor of koffi's that
 * calls fsync on standard output and error, which takes milliseconds of a disk where they are files.
 */
export function koffi(): Koffi {
  if (loaded) return loaded;
  const module = { exports: {} };
  process.dlopen(module, path.join(programFolder, 'koffi.node'));
  loaded = module.exports as Koffi;
  exitBy(loaded.load(null).func('_exit', 'void', ['int']));
  return loaded;
}
