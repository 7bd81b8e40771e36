// Putting the whole host to sleep.
import { spawn } from 'node:child_process';
import { readText } from './system-files.ts';

export type SuspendTarget = 'mem' | 'disk' | 'hybrid';

/** What the kernel can do (power/states of its documentation). */
export function suspendTargets(): SuspendTarget[] {
  const states = (readText('/sys/power/state') ?? '').split(' ');
  const disk = states.includes('disk');
  const targets: SuspendTarget[] = [];
  if (states.includes('mem')) targets.push('mem');
  if (disk) targets.push('disk');
  if (disk && (readText('/sys/power/disk') ?? '').includes('suspend')) targets.push('hybrid');
  return targets;
}

/** Long enough for the command to end and say so. */
const SETTLE_S = 2;

/** Sleeps soon after this returns and wakes after that many seconds (rtcwake(8)). */
export function suspendFor(target: SuspendTarget, seconds: number): void {
  const wake = `rtcwake -m no -s ${seconds + SETTLE_S}`;
  const sleep = target === 'hybrid' ? 'echo suspend >/sys/power/disk && echo disk' : `echo ${target}`;
  const script = `sleep ${SETTLE_S}; ${wake} && ${sleep} >/sys/power/state`;
  spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' }).unref();
}
