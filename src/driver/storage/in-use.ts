// Who could change a directory while it is copied: cp(1) finds what is in it by paths, and a directory that a container makes a link
// meanwhile would lead out of the volume.
import fs from 'node:fs';
import { libvirtError } from '../../errors.ts';
import { loadStatus } from '../../store/domain-documents.ts';
import { liveStatus, statusNames } from '../../store/live-status.ts';

/** Throws OPERATION_INVALID where a container that runs can write into the directory, or a part of it. */
export function requireUnused(directory: string, volume: string): void {
  const path = realPath(directory);
  for (const name of statusNames()) {
    const status = liveStatus(name);
    const filesystems = status ? loadStatus(status).domain.devices.filesystems : [];
    // Who has the host's own root has no need of that.
    const sources = filesystems.filter(({ type, readonly, source }) => type === 'mount' && !readonly && source !== '/');
    if (sources.some(({ source }) => overlap(realPath(source), path)))
      throw libvirtError(
        'OPERATION_INVALID',
        `volume '${volume}' is in use by domain '${name}', which runs: end it, or copy its files with cp`,
      );
  }
}

function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path; // gone meanwhile
  }
}

const overlap = (a: string, b: string): boolean => isWithin(a, b) || isWithin(b, a);
const isWithin = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`);
