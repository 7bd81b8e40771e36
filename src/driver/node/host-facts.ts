// Reads what host-checks.ts judges: files of /proc and /sys, and nothing that changes the host.
import fs from 'node:fs';
import os from 'node:os';
import { attempt } from '../../host/attempt.ts';
import { canAttachDevices } from '../../host/cgroup/devices.ts';
import { hasProgram } from '../../host/programs.ts';
import { listDirectory, readNumber, readText } from '../../host/system-files.ts';
import { isAuditOn } from '../../security/audit/kernel.ts';
import { hasFilters } from '../../security/level.ts';
import { IDS_EACH, idRanges } from '../../security/subordinate-ids.ts';
import type { HostFacts, OwnFacts } from './host-checks.ts';

export function hostFacts(): HostFacts {
  const mounts = (readText('/proc/mounts') ?? '').split('\n').map((line) => line.split(' '));
  const unified = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  const v1 = mounts.filter(([, , type]) => type === 'cgroup');
  return {
    system: os.type(),
    release: os.release(),
    namespaces: listDirectory('/proc/self/ns'),
    v1: v1.length > 0 ? v1.flatMap(([, , , options = '']) => options.split(',')) : undefined,
    v2: unified === undefined ? undefined : unifiedFacts(unified),
    hasFuseConnections: fs.existsSync('/sys/fs/fuse/connections'),
    own: ownFacts(),
  };
}

function unifiedFacts(root: string): HostFacts['v2'] {
  return {
    controllers: words(readText(`${root}/cgroup.controllers`)),
    devices: canAttachDevices(root),
  };
}

function ownFacts(): OwnFacts {
  const labels = labelModel();
  return {
    hasFilters: hasFilters(),
    labels,
    missingForLabels: labels && missingFor(labels),
    audit: auditState(),
    subordinateIds: { subuid: subordinateIds('/etc/subuid'), subgid: subordinateIds('/etc/subgid') },
    hasFuseDevice: fs.existsSync('/dev/fuse'),
    limits: limits(),
  };
}

function labelModel(): OwnFacts['labels'] {
  if (fs.existsSync('/sys/fs/selinux/enforce')) return 'selinux';
  return readText('/sys/module/apparmor/parameters/enabled') === 'Y' ? 'apparmor' : undefined;
}

function missingFor(labels: NonNullable<OwnFacts['labels']>): string | undefined {
  if (labels === 'apparmor') return hasProgram('apparmor_parser') ? undefined : 'apparmor_parser (Debian: apparmor)';
  const policy = /^\s*SELINUXTYPE\s*=\s*(\S+)/m.exec(readText('/etc/selinux/config') ?? '')?.[1] ?? 'targeted';
  const contexts = `/etc/selinux/${policy}/contexts/lxc_contexts`;
  return fs.existsSync(contexts) ? undefined : contexts;
}

function auditState(): OwnFacts['audit'] {
  if (attempt(isAuditOn) !== true) return 'none';
  const daemon = readNumber('/run/auditd.pid');
  return daemon !== undefined && readText(`/proc/${daemon}/comm`) === 'auditd' ? 'recorded' : 'kernel only';
}

/** How many ids such a file gives us for containers, in whole ranges; undefined: there is no file. */
function subordinateIds(file: string): number | undefined {
  const text = readText(file);
  return text === undefined ? undefined : idRanges(text).length * IDS_EACH;
}

function limits(): Map<string, number> {
  const directories = ['fs/inotify', 'kernel/pty', 'user'];
  const names = directories.flatMap((directory) => listDirectory(`/proc/sys/${directory}`).map((name) => `${directory}/${name}`));
  return new Map(
    names.map((name) => [name, readNumber(`/proc/sys/${name}`)]).filter((limit): limit is [string, number] => limit[1] !== undefined),
  );
}

const words = (text = ''): string[] => text.split(/\s+/).filter(Boolean);
