// A container's profile: the template with its name, and rules for what its definition gives it. Pure.
import path from 'node:path';
import type { DiskDevice, DomainDefinition, FilesystemDevice, HostDevice } from '../../domain/definition.ts';
import { libvirtError } from '../../errors.ts';
import { quotedPath } from './glob.ts';
import { DISK_FILESYSTEMS, MOUNT_FLAGS, NAME_IN_TEMPLATE, STAGE } from './template.ts';

export const profileName = ({ uuid }: Pick<DomainDefinition, 'uuid'>): string => `libvirt-${uuid}`;

/**
 * The text that apparmor_parser(8) takes. Nothing that a definition says can end a rule or begin another.
 * Throws INTERNAL_ERROR for a template that has no place for a name, or no end.
 */
export function profileText(template: string, definition: DomainDefinition): string {
  const end = template.lastIndexOf('}');
  if (end < 0 || !template.includes(NAME_IN_TEMPLATE))
    throw libvirtError('INTERNAL_ERROR', `the template of AppArmor's profiles has no profile ${NAME_IN_TEMPLATE}`);
  const rules = deviceRules(definition).map((rule) => `  ${rule},\n`);
  return `${template.slice(0, end)}\n${rules.join('')}${template.slice(end)}`.replaceAll(NAME_IN_TEMPLATE, profileName(definition));
}

function deviceRules({ devices: { disks, hostdevs, filesystems } }: DomainDefinition): string[] {
  return [...filesystems.flatMap((one) => filesystemRules(one, filesystems)), ...disks.map(diskRule), ...hostdevs.flatMap(hostdevRules)];
}

/**
 * One that is read-only stays that, also where it is mounted again. Not what another file system is mounted in, which may be writable;
 * a root cannot be told by its paths, but it is nowhere made writable.
 */
function filesystemRules({ target, readonly }: FilesystemDevice, all: readonly FilesystemDevice[]): string[] {
  if (!readonly) return [];
  const place = normalized(target);
  if (place === '/') return [`audit deny mount options=(remount,bind) options in (${MOUNT_FLAGS}) -> ${STAGE}/`];
  if (all.some((other) => normalized(other.target).startsWith(`${place}/`))) return [];
  return ['', STAGE].map((root) => `audit deny ${quotedPath(place, { before: root, after: '{,/{,**}}' })} wl`);
}

const normalized = (target: string): string => path.posix.normalize(`/${target}`).replace(/(?<=.)\/$/, '');

/** Its own disks it may mount. */
const diskRule = ({ target }: DiskDevice): string => mountRule(`/dev/${target.dev}`);

const hostdevRules = ({ type, source }: HostDevice): string[] =>
  type === 'storage' && source !== undefined ? [mountRule(`/dev/${source.replace(/^\/[^/]*\/+/, '')}`)] : [];

const mountRule = (device: string): string => `mount fstype=(${DISK_FILESYSTEMS.join(',')}) ${quotedPath(path.posix.normalize(device))}`;
