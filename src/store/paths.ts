// Where everything of ours lies: libvirt's own layout, below VIRSH_LXC_PREFIX where that is set.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const prefix = process.env['VIRSH_LXC_PREFIX'] ?? '';
const at = (directory: string): string => (prefix ? path.join(prefix, directory) : directory);

/** A file of the host's that is not ours: below the prefix, if there is one of that name. */
const ofHost = (file: string): string => (prefix && fs.existsSync(at(file)) ? at(file) : file);

/** Directories that a command may have to make first are made by whoever writes into them. */
export const paths = {
  prefix,
  definitions: at('/etc/libvirt/lxc'),
  autostart: at('/etc/libvirt/lxc/autostart'),
  lxcConf: at('/etc/libvirt/lxc.conf'),
  subuid: ofHost('/etc/subuid'),
  subgid: ofHost('/etc/subgid'),
  /** Ids are the host's, whosever the store is. */
  idLocks: '/run/virsh-lxc.ids',
  libvirtConf: at('/etc/libvirt/libvirt.conf'),
  /** Of libvirt's daemons, the one for containers alone and the one for all. */
  virtlxcdConf: at('/etc/libvirt/virtlxcd.conf'),
  libvirtdConf: at('/etc/libvirt/libvirtd.conf'),
  hooks: at('/etc/libvirt/hooks'),
  run: at('/run/libvirt/lxc'),
  /** A link to the program that looked at domains last (store/successor.ts). */
  successor: at('/run/libvirt/lxc/program'),
  driverLock: at('/run/libvirt/lxc/driver.pid'),
  autostarted: at('/run/libvirt/lxc/autostarted'),
  events: at('/run/libvirt/lxc/events.log'),
  uuids: at('/run/libvirt/lxc/uuids'),
  /** Who has how many connections to what everybody may look at (rpc/seats.ts). */
  seats: at('/run/libvirt/lxc/seats'),
  leftCgroups: at('/run/libvirt/lxc/cgroups'),
  labels: at('/run/libvirt/lxc/labels'),
  log: at('/var/log/libvirt/lxc'),
  /** An administrator's own; libvirt's TEMPLATE.lxc can be taken for it. */
  apparmorTemplate: at('/etc/apparmor.d/libvirt/TEMPLATE.virsh-lxc'),
  apparmorCache: at('/var/cache/virsh-lxc/apparmor'),
  /** The directory is called so for every driver of libvirt. */
  networks: at('/etc/libvirt/qemu/networks'),
  networkConf: at('/etc/libvirt/network.conf'),
  networkAutostart: at('/etc/libvirt/qemu/networks/autostart'),
  networkRun: at('/run/libvirt/network'),
  networkAutostarted: at('/run/libvirt/network/autostarted'),
  networkEvents: at('/run/libvirt/network/events.log'),
  dnsmasq: at('/var/lib/libvirt/dnsmasq'),
  pools: at('/etc/libvirt/storage'),
  poolAutostart: at('/etc/libvirt/storage/autostart'),
  poolRun: at('/run/libvirt/storage'),
  poolAutostarted: at('/run/libvirt/storage/autostarted'),
  poolEvents: at('/run/libvirt/storage/events.log'),
} as const;

export const definitionFile = (name: string): string => `${paths.definitions}/${name}.xml`;
/** When a domain is started with the host: always, or the next time only. */
export type AutostartMark = 'always' | 'once';
/** libvirt's LXC driver has no second mark. */
export const AUTOSTART_ENDINGS: Readonly<Record<AutostartMark, string>> = { always: '.xml', once: '.once' };
export const autostartLink = (name: string, mark: AutostartMark): string => `${paths.autostart}/${name}${AUTOSTART_ENDINGS[mark]}`;
export const statusFile = (name: string): string => `${paths.run}/${name}.xml`;
/** That of a domain called `driver` would be the driver's lock. No other file of a domain ends like this one. */
export const pidFile = (name: string): string => (name === 'driver' ? `${paths.run}/driver.domain-pid` : `${paths.run}/${name}.pid`);
/** Why a domain that is not running stopped last. */
export const endFile = (name: string): string => `${paths.run}/${name}.end`;
export const lockFile = (name: string): string => `${paths.run}/${name}.lock`;
export const logFile = (name: string): string => `${paths.log}/${name}.log`;

/** Where the output of a domain's consoles is kept: a directory of its own, as a name may end in anything. */
export const consoleRecords = (name: string): string => `${paths.log}/consoles/${name}`;

/** The names that files of `directory` with this ending stand for; none where the directory is not there. */
export function namesIn(entries: readonly string[], ending: string): string[] {
  const names: string[] = [];
  for (const entry of entries) if (entry.endsWith(ending) && entry !== ending) names.push(entry.slice(0, -ending.length));
  return names;
}

/** What the name of a file allows to be its domain's (NAME_MAX), with `.lock`. */
const MAX_NAME_BYTES = 250;

/** What cannot be the name of a domain is not looked for in the file system. */
export const isDomainName = (text: string): boolean =>
  text !== '' && !text.includes('/') && !text.includes('\0') && Buffer.byteLength(text) <= MAX_NAME_BYTES;
