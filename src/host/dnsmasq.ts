// One dnsmasq for each network: started, told to read its files again, ended. What it is told is network/dnsmasq-config.ts.
import fs from 'node:fs';
import process from 'node:process';
import { SIGHUP, SIGKILL, SIGTERM } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { readable } from '../../lib-native/readable.ts';
import { libvirtError } from '../errors.ts';
import { failureOf, requireProgram, wasGiven, wordsOf } from './programs.ts';

/** Throws OPERATION_FAILED where dnsmasq is missing. */
export const requireDnsmasq = (): string => requireProgram('dnsmasq', 'dnsmasq-base');

/** Where one dnsmasq's configuration is, by which it is also known again, and its pid. */
export interface DnsmasqIdentity {
  config: string;
  pidFile: string;
}

/** The script that keeps the leases, with its environment. */
export interface LeaseScript {
  path: string;
  env: Record<string, string>;
}

const SCRIPT_OPTION = '--dhcp-script=';
const START_TIMEOUT_MS = 20_000;
const TERM_TIMEOUT_MS = 3000;
const KILL_TIMEOUT_MS = 2000;

/** Starts it; it listens when this returns. Throws OPERATION_FAILED with its own words. */
export function startDnsmasq({ config }: DnsmasqIdentity, script: LeaseScript): void {
  const binary = requireDnsmasq();
  // It forgets leases of its own: all of them are the script's.
  const args = [`--conf-file=${config}`, '--leasefile-ro', `${SCRIPT_OPTION}${script.path}`];
  const env = { LC_ALL: 'C', PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' };
  const failure = failureOf(binary, args, { env: { ...env, ...script.env }, timeoutMs: START_TIMEOUT_MS, cwd: '/' });
  if (failure !== undefined) throw libvirtError('OPERATION_FAILED', `Failed to start ${binary}: ${failure.replace(/^dnsmasq: /, '')}`);
}

/** The pid, if it runs. */
export function dnsmasqPid(identity: DnsmasqIdentity): number | undefined {
  const pid = recordedPid(identity.pidFile);
  return pid !== undefined && isOurs(identity, pid) ? pid : undefined;
}

/** Does it run, and is the script there that it was given? One of an older release may be gone. */
export function servesLeases(identity: DnsmasqIdentity): boolean {
  const pid = dnsmasqPid(identity);
  const script = pid === undefined ? undefined : wordsOf(pid).find((word) => word.startsWith(SCRIPT_OPTION));
  return script !== undefined && fs.existsSync(script.slice(SCRIPT_OPTION.length));
}

/** Makes it read hosts and names again. False: it does not run. */
export function reloadDnsmasq(identity: DnsmasqIdentity): boolean {
  const pid = dnsmasqPid(identity);
  return pid !== undefined && withProcess(identity, pid, (pidfd) => linux.pidfdSendSignal(pidfd, SIGHUP) >= 0) === true;
}

/** Ends it, if it runs, and waits for that. Throws OPERATION_FAILED if it cannot be killed. */
export function stopDnsmasq(identity: DnsmasqIdentity): void {
  const pid = dnsmasqPid(identity);
  if (pid !== undefined) end(identity, pid);
  // A command that was killed may have left one that has not written its pid yet, or has removed it and is about to end.
  else for (let pids = allPids(identity); pids.length > 0; pids = allPids(identity)) for (const one of pids) end(identity, one);
  fs.rmSync(identity.pidFile, { force: true });
}

function end(identity: DnsmasqIdentity, pid: number): void {
  withProcess(identity, pid, (pidfd) => {
    for (const [signal, timeoutMs] of [[SIGTERM, TERM_TIMEOUT_MS] as const, [SIGKILL, KILL_TIMEOUT_MS] as const]) {
      linux.pidfdSendSignal(pidfd, signal);
      if (readable(pidfd, timeoutMs)) return;
    }
    throw libvirtError('OPERATION_FAILED', `cannot end the dnsmasq of '${identity.config}'`);
  });
}

function withProcess<T>(identity: DnsmasqIdentity, pid: number, use: (pidfd: number) => T): T | undefined {
  const pidfd = linux.pidfdOpen(pid);
  if (pidfd < 0) return undefined;
  try {
    // Between reading its command line and opening it the pid may have passed on.
    return isOurs(identity, pid) ? use(pidfd) : undefined;
  } finally {
    linux.close(pidfd);
  }
}

function recordedPid(pidFile: string): number | undefined {
  try {
    const pid = Number(fs.readFileSync(pidFile, 'latin1').trim());
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The server itself, what it forks into at its start, and its helper. */
function allPids(identity: DnsmasqIdentity): number[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => isOurs(identity, pid));
}

/** Was this process given our configuration? */
const isOurs = ({ config }: DnsmasqIdentity, pid: number): boolean => wasGiven(pid, `--conf-file=${config}`);
