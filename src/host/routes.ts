// Links and IPv4 routes of the caller's network namespace, from /proc/self/net: cheap, and right whatever /sys shows.
import fs from 'node:fs';

/** The names of all links. */
export function hostLinkNames(): Set<string> {
  const lines = fs.readFileSync('/proc/self/net/dev', 'utf8').split('\n').slice(2);
  return new Set(lines.filter(Boolean).map((line) => line.slice(0, line.lastIndexOf(':')).trim()));
}

/** The names of those that are bridges. */
export function hostBridgeNames(): string[] {
  return [...hostLinkNames()].filter((name) => fs.existsSync(`/sys/class/net/${name}/bridge`));
}

export interface Ipv4Route {
  dev: string;
  destination: readonly number[];
  netmask: readonly number[];
}

/** Routes of the main table; the default route has an empty netmask. */
export function ipv4Routes(): Ipv4Route[] {
  const lines = fs.readFileSync('/proc/self/net/route', 'utf8').split('\n').slice(1).filter(Boolean);
  return lines.map((line) => {
    const [dev = '', destination = '', , , , , , netmask = ''] = line.split(/\s+/);
    return { dev, destination: hostOrderBytes(destination), netmask: hostOrderBytes(netmask) };
  });
}

/** The file has an address as one number in the machine's own (little-endian) order. */
function hostOrderBytes(hex: string): number[] {
  return [...Buffer.from(hex.padStart(8, '0'), 'hex')].reverse();
}
