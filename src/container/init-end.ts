// How an init ended, from its wait status (wait(2)) and from what is known besides. Pure.
//
// The kernel lets nobody kill an init but its faults, reboot(2), which it turns into SIGHUP or SIGINT, and SIGKILL from outside
// (pid_namespaces(7)): all other signals need a handler, which makes the end an exit. So only SIGKILL is anybody's, and whoever of us
// sends it leaves a note before (store/live-status.ts).
import { SIGHUP, SIGINT, SIGKILL } from '../../lib-native/constants.ts';
import { ABANDONED, OWNER_GONE } from '../../lib-native/protocol.ts';
import { signalName } from '../../lib-native/signal-names.ts';
import { exitCode, termSignal } from '../../lib-native/wait-status.ts';
import type { EndReason, KillSource } from '../store/live-status.ts';

export type InitEnd = 'poweroff' | 'reboot' | 'crash';

/** `kill`: who of us killed it, if anybody did. Differs from libvirt, to which every end is a shutdown. */
export function initEnd(waitStatus: number, kill?: KillSource): InitEnd {
  const signal = termSignal(waitStatus);
  if (waitStatus < 0 || signal === 0 || signal === SIGINT) return 'poweroff';
  if (signal === SIGHUP) return 'reboot';
  return signal === SIGKILL && kill !== undefined ? 'poweroff' : 'crash';
}

export function endReason(waitStatus: number, kill?: KillSource): EndReason {
  if (waitStatus === ABANDONED) return 'failed';
  if (waitStatus === OWNER_GONE || (termSignal(waitStatus) === SIGKILL && kill === 'destroy')) return 'destroyed';
  return initEnd(waitStatus, kill) === 'crash' ? 'crashed' : 'shutdown';
}

/** A sentence for the log and `domstate --why`. `oomKills`: how many processes of the container were killed for memory. */
export function describeEnd(waitStatus: number, { kill, oomKills }: { kill?: KillSource | undefined; oomKills: number }): string {
  const memory = oomKills === 0 ? '' : `; out of memory, ${oomKills} ${oomKills === 1 ? 'process was' : 'processes were'} killed`;
  return how(waitStatus, kill, oomKills > 0) + memory;
}

function how(waitStatus: number, kill: KillSource | undefined, outOfMemory: boolean): string {
  if (waitStatus === ABANDONED) return 'the command that started it was gone before init ran';
  if (waitStatus === OWNER_GONE) return 'its controller was told to end it, or its owner was gone';
  const signal = termSignal(waitStatus);
  if (signal === 0) return `init exited with status ${exitCode(waitStatus)}`;
  if (signal === SIGHUP) return 'init called reboot(2) to restart';
  if (signal === SIGINT) return 'init called reboot(2) to halt or to power off';
  const killed = `init was killed by ${signalName(signal)}`;
  if (signal !== SIGKILL) return killed;
  if (kill !== undefined) return `${killed}, sent by ${kill === 'destroy' ? 'destroy' : 'send-process-signal'}`;
  return outOfMemory ? killed : `${killed}, which no command of virsh-lxc sent`;
}
