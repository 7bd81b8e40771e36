// Settings of the kernel's network in /proc/sys/net (ip-sysctl.rst), those of the caller's network namespace.
import fs from 'node:fs';
import { errnoCode, systemError } from '../errors.ts';
import { readText } from './system-files.ts';

const SYSCTL = '/proc/sys/net';

/**
 * Prepares a new bridge for IPv6: off where the host has no address on it, and in any case deaf to the router
 * advertisements of guests. A kernel without IPv6 needs nothing of this.
 */
export function setBridgeIpv6(bridge: string, { hasAddress }: { hasAddress: boolean }): void {
  const directory = `${SYSCTL}/ipv6/conf/${bridge}`;
  if (!fs.existsSync(directory)) return;
  const set = (name: string, value: string) => {
    const file = `${directory}/${name}`;
    if (readText(file) === value) return;
    try {
      fs.writeFileSync(file, value);
    } catch (error) {
      throw systemError(`cannot write to '${file}' on bridge '${bridge}'`, error);
    }
  };
  set('disable_ipv6', hasAddress ? '0' : '1');
  set('accept_ra', '0');
  set('autoconf', '0');
}

/** Lets the host pass packets on. It is never turned off again: somebody else may need it. */
export function enableForwarding({ ipv6 }: { ipv6: boolean }): void {
  turnOn(`${SYSCTL}/ipv4/ip_forward`);
  if (ipv6) turnOn(`${SYSCTL}/ipv6/conf/all/forwarding`);
}

function turnOn(file: string): void {
  try {
    if (readText(file) !== '1') fs.writeFileSync(file, '1\n');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return; // no such protocol in this kernel
    throw systemError('failed to enable IP forwarding', error);
  }
}
