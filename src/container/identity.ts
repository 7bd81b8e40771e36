// Init's user and groups, looked up in the container's own passwd and group (passwd(5), group(5)). The files are read below
// the container's root and never through a link that leads out of it.
import type { DomainOs } from '../domain/definition.ts';
import { libvirtError } from '../errors.ts';
import { type Errand, runErrand } from './errand.ts';
import type { InitIdentity } from './plan/plan.ts';

/** Throws INTERNAL_ERROR for a user or group that does not exist and is no number. */
export function initIdentity({ inituser, initgroup }: DomainOs, root: number): InitIdentity {
  if (inituser === undefined && initgroup === undefined) return { uid: 0, gid: 0, groups: [] };
  return resolveIdentity({ inituser, initgroup }, readBelow(root, 'etc/passwd'), readBelow(root, 'etc/group'));
}

/** Who a command in a running container is to be, as `USER[:GROUP]` says: names or numbers. */
export interface CommandIdentity extends InitIdentity {
  /** What the user's record says; undefined: there is none. */
  name: string | undefined;
  home: string | undefined;
}

/** `namespace`: the container's mount namespace. Throws INTERNAL_ERROR for a user or group that does not exist and is no number. */
export function commandIdentity(user: string, namespace: number): CommandIdentity {
  const read = (path: string) => readInContainer(['read-in', { fd: namespace }, path], path);
  return resolveCommandIdentity(user, read('etc/passwd'), read('etc/group'));
}

/** The pure half. Without a group those that the user has; with one that alone, as su and docker have it. */
export function resolveCommandIdentity(wanted: string, passwd: string, group: string): CommandIdentity {
  const colon = wanted.indexOf(':');
  const user = colon < 0 ? wanted : wanted.slice(0, colon);
  const uid = lookUp(passwd, user, 'User');
  const record = records(passwd).find(([name]) => name === user) ?? records(passwd).find(([, , id]) => id === String(uid));
  const facts = { uid, name: record?.[0], home: record?.[5]?.startsWith('/') ? record[5] : undefined };
  if (colon >= 0) {
    const gid = lookUp(group, wanted.slice(colon + 1), 'Group');
    return { ...facts, gid, groups: [gid] };
  }
  const gid = /^\d+$/.test(record?.[3] ?? '') ? Number(record![3]) : 0;
  return { ...facts, gid, groups: [...new Set([gid, ...(record ? groupsListing(group, record[0]!) : [])])] };
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
  return [...numbers([user[3]]), ...groupsListing(group, user[0]!)];
}

const numbers = (ids: readonly (string | undefined)[]): number[] => ids.filter((id) => /^\d+$/.test(id ?? '')).map(Number);

const groupsListing = (group: string, name: string): number[] =>
  numbers(
    records(group)
      .filter(([, , , members]) => (members ?? '').split(',').includes(name))
      .map(([, , id]) => id),
  );

/** The text of a file below the descriptor `root`; '' where it cannot be read. Throws OPERATION_TIMEOUT where that takes for ever. */
const readBelow = (root: number, path: string): string => readInContainer(['read', { fd: root }, path], path);

function readInContainer(words: Errand['words'], path: string): string {
  const end = runErrand({ words });
  if (!end) throw libvirtError('OPERATION_TIMEOUT', `cannot read /${path} of the container`);
  return end.errno === 0 ? end.output.toString('utf8') : ''; // as good as not there
}
