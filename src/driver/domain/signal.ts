// send-process-signal.

import { SIGKILL } from '../../../lib-native/constants.ts';
import { FIRST_REAL_TIME, SIGNAL_NAMES } from '../../../lib-native/signal-names.ts';
import { signalInit } from '../../container/init.ts';
import { transition } from '../../container/lifecycle.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, notRunning } from '../../errors.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';

const LAST = 64;

/** The signal's number, from `kill`, `SIGKILL`, `sig_kill`, `rt3` in any case, or a number; undefined for none of these. */
export function signalNumber(text: string): number | undefined {
  if (/^\s*\+?\d+$/.test(text)) return Number(text);
  const name = text.toLowerCase().replace(/^sig_?/, '');
  const realTime = /^rt(\d|[12]\d|3[0-2])$/.exec(name)?.[1];
  if (realTime !== undefined) return FIRST_REAL_TIME + Number(realTime);
  const number = SIGNAL_NAMES.indexOf(name);
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
  // What comes after is no crash.
  if (signal === SIGKILL) transition(ref, 'shut off', 'shutdown', { controller: status.controller }).at('killing');
  signalInit(status, signal);
}
