// What the inside of a running container is like, seen from outside: guestinfo, domfsinfo. Nothing runs in the container, its files are
// read by a child that is given up after a second (container/errand.ts), and what they say is the container's word.

import os from 'node:os';
import path from 'node:path';
import { O_CLOEXEC } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { blockDeviceOf } from '../../container/devices.ts';
import { runErrand } from '../../container/errand.ts';
import { hostPath } from '../../container/host-path.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, notRunning } from '../../errors.ts';
import { storageAt } from '../../host/block-device.ts';
import { listAddresses } from '../../host/netlink/address.ts';
import { listLinks } from '../../host/netlink/link.ts';
import { inNetworkNamespace, openRouteSocket } from '../../host/netlink/rtnetlink.ts';
import { hostArchitecture } from '../../host/parse-host.ts';
import { hostnameIn } from '../../host/uts.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { readDomain } from './change.ts';
import { mountsWithFiles } from './guest/mount-table.ts';
import { parseOsRelease } from './guest/os-release.ts';
import { timeZoneAt } from './guest/timezone.ts';
import { parseUtmp } from './guest/utmp.ts';

/** As virDomainGetGuestInfo has them, in its order. */
export const GUEST_INFO = ['user', 'os', 'timezone', 'hostname', 'filesystem', 'disk', 'interface'] as const;
export type GuestInfoKind = (typeof GUEST_INFO)[number];

/** A key of libvirt's and its value. */
export type GuestFact = readonly [key: string, value: string | number];

/** Of `kinds`, or of all. Throws OPERATION_TIMEOUT where the container lets nobody read its files. */
export function guestInfo(connection: Connection, ref: DomainRef, kinds: readonly GuestInfoKind[]): GuestFact[] {
  requireWritable(connection, 'virDomainGetGuestInfo');
  requireBeyondLibvirt('virDomainGetGuestInfo');
  using inside = new Inside(connection, ref);
  const asked = kinds.length === 0 ? GUEST_INFO : GUEST_INFO.filter((kind) => kinds.includes(kind));
  return asked.flatMap((kind) => FACTS[kind](inside));
}

export interface GuestFilesystem {
  mountpoint: string;
  /** The device's, without its directory. */
  name: string;
  type: string;
  /** Targets of the disks that it is on. */
  targets: string[];
}

/** Throws as guestInfo(). */
export function guestFilesystems(connection: Connection, ref: DomainRef): GuestFilesystem[] {
  requireWritable(connection, 'virDomainGetFSInfo');
  requireBeyondLibvirt('virDomainGetFSInfo');
  using inside = new Inside(connection, ref);
  return inside.filesystems();
}

/** Namespaces of its init, held open. */
class Inside implements Disposable {
  readonly live: DomainDefinition;
  readonly #initPid: number;
  readonly #fds: number[] = [];

  constructor(connection: Connection, ref: DomainRef) {
    const { live, initPid } = readDomain(connection, ref);
    if (!live) throw notRunning();
    this.live = live;
    this.#initPid = initPid;
  }

  /** Throws OPERATION_INVALID if it has ended meanwhile. */
  namespace(kind: 'mnt' | 'net' | 'uts'): number {
    const fd = linux.open(`/proc/${this.#initPid}/ns/${kind}`, O_CLOEXEC);
    if (fd < 0) throw notRunning();
    this.#fds.push(fd);
    return fd;
  }

  /** A file below the container's root; undefined: there is none. Throws OPERATION_TIMEOUT. */
  read(file: string): Buffer | undefined {
    return this.#errand(['read-in', { fd: this.namespace('mnt') }, file], `/${file}`);
  }

  filesystems(): GuestFilesystem[] {
    const table = this.#errand(['mounts', `/proc/${this.#initPid}/ns/mnt`], 'its mounts')?.toString('utf8') ?? '';
    const disks = this.live.devices.disks.map((disk) => {
      const { source, target } = disk;
      const device = blockDeviceOf(disk);
      const storage = source === undefined ? undefined : storageAt(hostPath(source), device === source ? undefined : device);
      return { target: target.dev, number: storage?.number };
    });
    return mountsWithFiles(table).map(({ mountpoint, type, source, number }) => ({
      mountpoint,
      name: path.basename(source) || source,
      type,
      targets: disks.filter((disk) => disk.number === number).map(({ target }) => target),
    }));
  }

  #errand(words: Parameters<typeof runErrand>[0]['words'], what: string): Buffer | undefined {
    const end = runErrand({ words });
    if (!end) throw libvirtError('OPERATION_TIMEOUT', `cannot read ${what} of the container`);
    return end.errno === 0 ? end.output : undefined;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) linux.close(fd);
  }
}

const FACTS: Readonly<Record<GuestInfoKind, (inside: Inside) => GuestFact[]>> = {
  user(inside) {
    const bytes = inside.read('run/utmp') ?? inside.read('var/run/utmp');
    const logins = bytes ? parseUtmp(bytes) : [];
    return listed('user', logins, ({ user, sinceMs }, place) => [
      [`${place}.name`, user],
      [`${place}.login-time`, sinceMs],
    ]);
  },
  os(inside) {
    const text = inside.read('etc/os-release') ?? inside.read('usr/lib/os-release');
    const release = parseOsRelease(text?.toString('utf8') ?? '');
    const named = OS_KEYS.flatMap(([key, variable]): GuestFact[] => {
      const value = release.get(variable)?.slice(0, VALUE_LIMIT);
      return value === undefined ? [] : [[`os.${key}`, value]];
    });
    return [...named, ['os.kernel-release', os.release()], ['os.kernel-version', os.version()], ['os.machine', hostArchitecture()]];
  },
  timezone(inside) {
    const bytes = inside.read('etc/localtime');
    const zone = (bytes && timeZoneAt(bytes, new Date())) ?? { name: 'UTC', offsetSeconds: 0 };
    return [
      ['timezone.name', zone.name],
      ['timezone.offset', zone.offsetSeconds],
    ];
  },
  hostname: (inside) => [['hostname', hostnameIn(inside.namespace('uts'))]],
  filesystem: (inside) =>
    listed('fs', inside.filesystems(), ({ mountpoint, name, type, targets }, place) => [
      [`${place}.name`, name],
      [`${place}.mountpoint`, mountpoint],
      [`${place}.fstype`, type],
      [`${place}.disk.count`, targets.length],
      ...targets.flatMap((target, n): GuestFact[] => [
        [`${place}.disk.${n}.alias`, target],
        [`${place}.disk.${n}.device`, `/dev/${target}`],
      ]),
    ]),
  disk: ({ live }) =>
    listed('disk', live.devices.disks, ({ target }, place) => [
      [`${place}.name`, `/dev/${target.dev}`],
      [`${place}.partition`, 'no'],
      [`${place}.alias`, target.dev],
    ]),
  interface(inside) {
    using route = inNetworkNamespace(inside.namespace('net'), openRouteSocket);
    const addresses = listAddresses(route);
    return listed('if', listLinks(route), ({ index, name, mac }, place) => [
      [`${place}.name`, name],
      ...(mac === '' ? [] : [[`${place}.hwaddr`, mac] as const]),
      ...listed(
        `${place}.addr`,
        addresses.filter((address) => address.index === index),
        ({ address, prefix }, at) => [
          [`${at}.type`, address.includes(':') ? 'ipv6' : 'ipv4'],
          [`${at}.addr`, address],
          [`${at}.prefix`, prefix],
        ],
      ),
    ]);
  },
};

/** Longer than anything that is meant to be read. */
const VALUE_LIMIT = 1024;

const OS_KEYS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['pretty-name', 'PRETTY_NAME'],
  ['version', 'VERSION'],
  ['version-id', 'VERSION_ID'],
  ['variant', 'VARIANT'],
  ['variant-id', 'VARIANT_ID'],
] as const;

/** How many there are, and the facts of each below its number. */
function listed<T>(group: string, items: readonly T[], facts: (item: T, place: string) => GuestFact[]): GuestFact[] {
  return [[`${group}.count`, items.length], ...items.flatMap((item, n) => facts(item, `${group}.${n}`))];
}
