// Commands that die at a moment that counts.
import type { Virsh } from './virsh.ts';

export interface Moment {
  /** A call of node:fs ... */
  call: 'renameSync' | 'writeFileSync';
  /** ... of a file whose path ends so. */
  file: string;
  /** Dies in place of the call, not after it. */
  instead?: boolean;
  /** The pid in this file is stopped before. */
  stopping?: string;
}

/** For Virsh.runWith(): a command that kills itself then. Only the command: a controller does not get this environment. */
export function dyingAt(virsh: Virsh, { call, file, instead = false, stopping }: Moment): { env: Record<string, string> } {
  const script = virsh.file(
    'dying.cjs',
    `const fs = require('node:fs');
const { ${call}: original } = fs;
fs.${call} = (...args) => {
  const now = args.some((arg) => String(arg).endsWith(${JSON.stringify(file)}));
  if (!now || !${instead}) original(...args);
  if (!now) return;
  ${stopping === undefined ? '' : `process.kill(Number(fs.readFileSync('${stopping}')), 'SIGSTOP');`}
  process.kill(process.pid, 'SIGKILL');
};`,
  );
  return { env: { NODE_OPTIONS: `--require ${script}` } };
}
