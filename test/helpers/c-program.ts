// Programs in C that run inside containers: made by the compiler, or brought along to a machine that has none (test/machines.mjs).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { BROUGHT, ROOT } from './requires.ts';

/** test/helpers/NAME.c, without libraries, as bin/NAME of a container's root. */
export function makeProgram(name: string, root: string): void {
  const [program, brought] = [path.join(root, 'bin', name), path.join(BROUGHT, name)];
  if (fs.existsSync(brought)) fs.copyFileSync(brought, program);
  else execFileSync('cc', ['-O2', '-static', '-pthread', '-Wall', '-Werror', '-o', program, path.join(ROOT, `test/helpers/${name}.c`)]);
}
