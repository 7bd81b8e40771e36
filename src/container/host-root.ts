// An init system on the host's own root is refused: it would take the host's files for its own. And one on the host's network is
// warned of, which it may take down.
import fs from 'node:fs';
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { capabilityNumber } from '../domain/capabilities.ts';
import type { DomainDefinition, FilesystemDevice } from '../domain/definition.ts';
import { type LibvirtError, libvirtError } from '../errors.ts';
import { parseMountTable } from '../host/mount-table.ts';
import { keptCapabilities } from '../security/capabilities.ts';
import { securityLevel } from '../security/level.ts';
import { warn } from '../store/log.ts';
import { hostPath } from './host-path.ts';
import type { HostSide } from './host-side.ts';
import { initSystemOf, isScript } from './init-system.ts';
import { rootOf } from './live-definition.ts';
import { hasNetworkNamespace, hasUserNamespace } from './plan/namespaces.ts';

/**
 * Differs from libvirt, which lets systemd empty the host's /tmp: why `domain` is not to be started, unless it is meant so
 * (`hostRoot`). A root that is read-only has the host's sockets below /run all the same, by which the host's own systemd is told what to do.
 */
export function hostRootRefusal(domain: DomainDefinition): LibvirtError | undefined {
  if (domain.hostRoot) return undefined;
  const program = initSystemOnHostRoot(domain);
  if (program === undefined) return undefined;
  return libvirtError(
    'OPERATION_DENIED',
    `${program} is an init system and would run on this host's own files: it would empty /tmp and take over what the host runs; ` +
      "give the domain a root of its own with <filesystem type='mount'><source dir='...'/><target dir='/'/></filesystem>, " +
      "or, where this is meant, start it with --host-root or have <virsh-lxc:host-root xmlns:virsh-lxc='urn:virsh-lxc:domain:1.0'/> in its XML",
  );
}

/** The init system that `domain` runs on the host's own files, or undefined. */
export function initSystemOnHostRoot(domain: DomainDefinition): string | undefined {
  if (!runsOnHostRoot(domain)) return undefined;
  const fd = linux.open('/', O_PATH | O_DIRECTORY | O_CLOEXEC);
  try {
    return initSystemOf(domain.os, fd < 0 ? undefined : fd);
  } finally {
    if (fd >= 0) linux.close(fd);
  }
}

/** Are the host's own files its root? */
export function runsOnHostRoot(domain: DomainDefinition): boolean {
  const root = rootOf(domain);
  return root === undefined || isHostRoot(root);
}

/** Is it the host's root, by whatever path, link, bind mount or device? A directory is known by its number, which a bind mount keeps. */
function isHostRoot({ type, source }: FilesystemDevice): boolean {
  try {
    const host = fs.statSync('/');
    const found = fs.statSync(hostPath(source));
    if (type === 'mount') return found.dev === host.dev && found.ino === host.ino;
    return type === 'block' && (found.rdev === host.dev || found.rdev === rootDevice());
  } catch {
    return false; // a start will tell
  }
}

/** The number of the device that the host's root is mounted from, where the root has a number of its own as with btrfs. */
function rootDevice(): number | undefined {
  const mounts = parseMountTable(fs.readFileSync('/proc/self/mountinfo', 'utf8'));
  const device = mounts.findLast(({ mountpoint }) => mountpoint === '/')?.source;
  return device?.startsWith('/') ? fs.statSync(device).rdev : undefined;
}

/** Warns of an init system on the host's network: many take every interface down when they halt (sysvinit: halt -i). */
export function warnOfHostNetwork({ live, resources, shared }: HostSide, onWarning: ((text: string) => void) | undefined): void {
  const warning = hostNetworkWarning(live, resources.root, shared.net);
  if (warning !== undefined) warn(live.name, warning, onWarning);
}

/** `net`: the namespace that it takes from elsewhere, which may be the host's. */
function hostNetworkWarning(domain: DomainDefinition, root: number, net: number | undefined): string | undefined {
  if (hasNetworkNamespace(domain) || hasUserNamespace(domain)) return undefined;
  if (net !== undefined && fs.fstatSync(net).ino !== fs.statSync('/proc/self/ns/net').ino) return undefined;
  const netAdmin = capabilityNumber('net_admin')!;
  if (!keptCapabilities(domain.features.capabilities, securityLevel(domain), netAdmin).has(netAdmin)) return undefined;
  const program = initSystemOf(domain.os, root);
  if (program === undefined || isScript(root, domain.os)) return undefined;
  return (
    `domain '${domain.name}' runs the init system ${program} on this host's own network, whose interfaces it may take down when it halts; ` +
    'give it <features><privnet/></features> or an <interface>'
  );
}
