// Init's user and groups, looked up in the container's own passwd and group (passwd(5), group(5)). The files are read below
// the container's root and never through a link that leads out of it.
import type { DomainOs } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { runErrand } from './errand.ts';
import type { InitIdentity } from './plan/plan.ts';

/** Throws INTERNAL_ERROR for a user or group that does not exist and is no number. */
export function initIdentity({ inituser, initgroup }: DomainOs, root: number): InitIdentity {
  if (inituser === undefined && initgroup === undefined) return { uid: 0, gid: 0, groups: [] };
  return resolveIdentity({ inituser, initgroup }, readBelow(root, 'etc/passwd'), readBelow(root, 'etc/group'));
}

/** The pure half: from the texts of the two files. */
export function resolveIdentity(
  { inituser, initgroup }: { inituser?: string | undefined; initgroup?: string | undefined },
  passwd: string,
  group: string,
): InitIdentity {
  const uid = inituser === undefined ? 0 : lookUp(passwd, inituser, 'User');
  const gid = initgroup === undefined ? 0 : lookUp(group, initgroup, 'Group');
  // As libvirt: whoever names no group gets none besides.
  if (initgroup === undefined) return { uid, gid, groups: [] };
  return { uid, gid, groups: [...new Set([...(inituser === undefined ? [] : groupsOf(passwd, group, uid)), gid])] };
}

const records = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

function lookUp(text: string, wanted: string, kind: 'User' | 'Group'): number {
  if (!wanted.startsWith('+')) {
    const found = records(text).find(([name]) => name === wanted);
    if (found && /^\d+$/.test(found[2] ?? '')) return Number(found[2]);
  }
  const number = /^\+?(\d+)$/.exec(wanted);
  if (number && Number(number[1]) < 0xffffffff) return Number(number[1]);
  throw libvirtError('INTERNAL_ERROR', `${kind} ${wanted} doesn't exist`);
}

/** The group in the user's own record, and those that list the user: of the first name that has the number. */
function groupsOf(passwd: string, group: string, uid: number): number[] {
  const user = records(passwd).find(([, , id]) => id === String(uid));
  if (user === undefined) return [];
  const listing = records(group).filter(([, , , members]) => (members ?? '').split(',').includes(user[0]!));
  return [user[3], ...listing.map(([, , id]) => id)].filter((id) => /^\d+$/.test(id ?? '')).map(Number);
}

/** The text of a file below the descriptor `root`; '' where it cannot be read. Throws OPERATION_TIMEOUT where that takes for ever. */
function readBelow(root: number, path: string): string {
  const end = runErrand({ words: ['read', { fd: root }, path] });
  if (!end) throw libvirtError('OPERATION_TIMEOUT', `cannot read /${path} of the container`);
  return end.errno === 0 ? end.output.toString('utf8') : ''; // as good as not there
}
