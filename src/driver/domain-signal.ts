// send-process-signal.

import { libvirtError } from '../errors.ts';
import { type Connection, requireWritable } from './connection.ts';
import { type DomainRef, liveStatus, notRunning } from './domain-lookup.ts';
import { signalInit } from './init-process.ts';

/** In libvirt's order, which is their numbers'; 32 to 64 are rt0 to rt32. */
const NAMES =
  'nop hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop tstp ttin ttou urg xcpu xfsz vtalrm prof winch poll pwr sys'.split(
    ' ',
  );
const FIRST_REAL_TIME = 32;
const LAST = 64;

/** The signal's number, from `kill`, `SIGKILL`, `sig_kill`, `rt3` in any case, or a number; undefined for none of these. */
export function signalNumber(text: string): number | undefined {
  if (/^\s*\+?\d+$/.test(text)) return Number(text);
  const name = text.toLowerCase().replace(/^sig_?/, '');
  const realTime = /^rt(\d|[12]\d|3[0-2])$/.exec(name)?.[1];
  if (realTime !== undefined) return FIRST_REAL_TIME + Number(realTime);
  const number = NAMES.indexOf(name);
  return number < 0 ? undefined : number;
}

/** `pidInContainer` can only be 1. Throws ARGUMENT_UNSUPPORTED, INVALID_ARG, OPERATION_INVALID. */
export function sendProcessSignal(connection: Connection, ref: DomainRef, pidInContainer: bigint, signal: number): void {
  requireWritable(connection, 'virDomainSendProcessSignal');
  if (pidInContainer === 0n) throw libvirtError('PLAIN', 'pid_value in virDomainSendProcessSignal must not be zero');
  if (signal > LAST) throw libvirtError('INVALID_ARG', `signum value ${signal} is out of range`);
  const status = liveStatus(ref.name);
  if (!status) throw notRunning();
  if (pidInContainer !== 1n) throw libvirtError('ARGUMENT_UNSUPPORTED', 'Only the init process may be killed');
  signalInit(status, signal);
}
