// Opening `lxc:///`: which URI is meant, and whether this host's store is ours to use.
import fs from 'node:fs';
import process from 'node:process';
import { libvirtError } from '../errors.ts';
import { readIfThere } from '../store/atomic-write.ts';
import { isChangeNoted } from '../store/change-note.ts';
import { networkLockNames } from '../store/network-locks.ts';
import { paths } from '../store/paths.ts';
import { becomeSuccessor } from '../store/successor.ts';
import { Conf } from '../values/conf-file.ts';
import type { OwnedRun } from './domain/autodestroy.ts';

export interface Connection {
  /** As the user gave it, with all its slashes. */
  readonly uri: string;
  readonly readonly: boolean;
  /** Domains that end with it. */
  readonly autodestroyed: OwnedRun[];
}

const DEFAULT_URI = 'lxc:///';

export interface OpenOptions {
  readonly readonly: boolean;
  /** What said the URI, where that was not the user's command. */
  readonly origin?: string | undefined;
}

/** Drivers of libvirt, by whatever transport: a URI of theirs is no mistake, but meant for another program. */
const LIBVIRTS = /^(?:lxc|bhyve|ch|esx|gsx|hyperv|openvz|parallels|qemu|test|vbox|vmwarefusion|vmwareplayer|vmwarews|vpx|vz|xen)(?:\+|$)/;

/** Where nothing is said, and what says it. */
function defaultUri(): [uri: string, from: string | undefined] {
  const environment = process.env['LIBVIRT_DEFAULT_URI'];
  if (environment) return [environment, 'LIBVIRT_DEFAULT_URI'];
  const configured = clientConf().text('uri_default') || undefined;
  return configured === undefined ? [DEFAULT_URI, undefined] : [configured, `uri_default in ${paths.libvirtConf}`];
}

/**
 * Opens a connection. Without a URI: LIBVIRT_DEFAULT_URI, then `uri_default` of libvirt.conf, then lxc:///.
 * Throws NO_CONNECT or INTERNAL_ERROR for another URI. Whether the store is ours, requireStore() says.
 */
export function openConnection(uri: string | undefined, { readonly, origin }: OpenOptions): Connection {
  const [given, from] = uri ? [uri, origin] : defaultUri();
  const opened = checkedUri(resolveAlias(given), uri || undefined, from);
  return { uri: opened, readonly, autodestroyed: [] };
}

/**
 * For everything that looks at domains or networks: throws OPERATION_INVALID while a libvirtd has them, with the way out of that,
 * and OPERATION_DENIED for who may not read them.
 */
export async function requireStore({ readonly }: Connection): Promise<void> {
  const holder = foreignDriver();
  if (holder === undefined) {
    becomeSuccessor();
    if (readonly) return;
    if (isChangeNoted()) (await import('../store/change-repair.ts')).repairChange();
    if (networkLockNames().length > 0) (await import('../bridge/start.ts')).repairAbandoned();
    return;
  }
  const { pid, daemon } = holder;
  throw libvirtError(
    'OPERATION_INVALID',
    `the LXC driver of a running ${daemon} (process ${pid}) has ${paths.run}: stop it with '${stopCommand(holder)}', ` +
      'or set VIRSH_LXC_PREFIX to a directory of your own',
  );
}

interface Holder {
  pid: number;
  daemon: string;
}

/** systemd's sockets would start it again. */
function stopCommand({ pid, daemon }: Holder): string {
  const isUnit = readIfThere(`/proc/${pid}/cgroup`)?.includes(`/${daemon}.service`) === true;
  return isUnit ? `systemctl stop ${daemon}.service ${daemon}.socket ${daemon}-ro.socket ${daemon}-admin.socket` : `kill ${pid}`;
}

/** Writes are refused on a read-only connection, by the name of libvirt's API function. */
export function requireWritable(connection: Connection, api: string): void {
  if (connection.readonly) throw libvirtError('OPERATION_FORBIDDEN_READONLY', api);
}

const URI_CHARACTERS = /^(?:[\w.~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

/** The URI as libvirt writes it. `asked` is what the caller gave, undefined for a default; `from` is what said it in their place. */
function checkedUri(uri: string, asked: string | undefined, from: string | undefined): string {
  const unparsable = () => libvirtError('INTERNAL_ERROR', `Unable to parse URI ${uri}`);
  if (!URI_CHARACTERS.test(uri)) throw unparsable();
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(.*)$/.exec(uri);
  if (!parts) {
    if (/^[^/?#]*:/.test(uri)) throw unparsable();
    throw libvirtError('NO_CONNECT', `URI '${asked ?? '(null)'}' does not include a driver name`);
  }
  const [, scheme, server, encoded = '', rest = ''] = parts;
  if (scheme !== 'lxc' || server) throw libvirtError('NO_CONNECT', uri + whose(scheme!, from));
  const path = decodeURIComponent(encoded);
  if (!['', '/', '/system'].includes(path)) throw libvirtError('INTERNAL_ERROR', `Unexpected LXC URI path '${path}', try lxc:///system`);
  return `lxc://${path}${rest}`;
}

/** Differs from libvirt, which has these drivers and connects. */
function whose(scheme: string, from: string | undefined): string {
  return from !== undefined && LIBVIRTS.test(scheme) ? ` (from ${from}: change that, or say -c lxc:///)` : '';
}

/** libvirt.conf: `uri_aliases = [ "name=uri", … ]`. An alias is a plain word. */
export function resolveAlias(uri: string): string {
  if (!/^[\w.-]+$/.test(uri)) return uri;
  for (const alias of clientConf().list('uri_aliases') ?? []) {
    const [name, ...target] = alias.split('=');
    if (name === uri) return target.join('=');
  }
  return uri;
}

let configuration: Conf | undefined;
function clientConf(): Conf {
  configuration ??= new Conf(readIfThere(paths.libvirtConf) ?? '', paths.libvirtConf);
  return configuration;
}

/**
 * The libvirt daemon that holds the driver's lock, which is a write lock on its pid file; our own controllers hold
 * it for reading and write no pid. The kernel's table of locks is asked only when the file names a daemon that lives:
 * opening it waits for every processor.
 */
function foreignDriver(): Holder | undefined {
  const pid = Number(readDriverLock()?.trim() || 0);
  if (!(pid > 1)) return undefined;
  const daemon = readIfThere(`/proc/${pid}/comm`)?.trim() ?? '';
  if (!/^(libvirtd|virtlxcd)$/.test(daemon)) return undefined;
  const { ino } = fs.statSync(paths.driverLock);
  for (const line of fs.readFileSync('/proc/locks', 'utf8').split('\n')) {
    const match = /(?:POSIX|OFDLCK)\s+\S+\s+WRITE\s+-?\d+\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line);
    if (match && Number(match[1]) === ino) return { pid, daemon };
  }
  return undefined;
}

function readDriverLock(): string | undefined {
  try {
    return readIfThere(paths.driverLock);
  } catch (error) {
    if (process.getuid?.() === 0) throw error;
    throw libvirtError('OPERATION_DENIED', `containers are root's: ${paths.run} may only be read by root`);
  }
}
