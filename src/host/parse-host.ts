// Facts of this host that parsing a domain needs.
import fs from 'node:fs';
import process from 'node:process';
import type { ParseHost } from '../domain/parse.ts';

/** Where libvirt puts its controller; a path named libvirt_lxc means ours, wherever that is. */
export const DEFAULT_EMULATOR = '/usr/libexec/libvirt_lxc';

const ARCHITECTURES: Record<string, string> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  ia32: 'i686',
  arm: 'armv7l',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};

/** libvirt's name of this machine's architecture. */
export const hostArchitecture = (): string => ARCHITECTURES[process.arch] ?? process.arch;

export const parseHost: ParseHost = {
  arch: hostArchitecture(),
  emulator: DEFAULT_EMULATOR,
  randomUuid,
  randomMac: () => ['52', '54', '00', ...randomUuid().slice(0, 6).match(/../g)!].join(':'),
};

/** The kernel's (random(4)): node:crypto costs more to load than everything else here. */
function randomUuid(): string {
  return fs.readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
}
