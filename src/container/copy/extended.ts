// Extended attributes that are copied, in the form that they have in a copy: by their names (xattr(7)), those in which there are ids with
// the container's. Pure. Names are strings of latin1.
import type { Ids } from './entry.ts';

export type Extended = ReadonlyMap<string, Buffer>;

const CAPABILITY = 'security.capability';
const ACCESS = 'system.posix_acl_access';
const DEFAULT = 'system.posix_acl_default';

/** Who may do what is copied with owners only. */
export const isCopied = (name: string, keepsOwners: boolean): boolean =>
  name.startsWith('user.') || (keepsOwners && [CAPABILITY, ACCESS, DEFAULT].includes(name));

/** As it is in a copy, of one that was read; undefined for what has no meaning there. */
export const fromSide = (name: string, value: Buffer, { uid, gid }: Ids): Buffer | undefined =>
  translated(name, value, { uid: (id) => uid.toContainer(id), gid: (id) => gid.toContainer(id) });

/** As it is to be written. */
export const toSide = (name: string, value: Buffer, { uid, gid }: Ids): Buffer | undefined =>
  translated(name, value, { uid: (id) => uid.fromContainer(id), gid: (id) => gid.fromContainer(id) });

interface Translation {
  uid: (id: number) => number | undefined;
  gid: (id: number) => number | undefined;
}

function translated(name: string, value: Buffer, ids: Translation): Buffer | undefined {
  if (name === CAPABILITY) return capability(value, ids);
  return name === ACCESS || name === DEFAULT ? acl(value, ids) : value;
}

// -- capabilities of a program (linux/capability.h: vfs_cap_data) --------------------------------------------------------------

const [REVISION_2, REVISION_3] = [0x02000000, 0x03000000];
const [BYTES_2, BYTES_3] = [20, 24];

/** The third revision has whose root they are for, which the second leaves to be root. */
function capability(value: Buffer, { uid }: Translation): Buffer | undefined {
  const magic = value.length < BYTES_2 ? 0 : value.readUInt32LE(0);
  const [revision, flags] = [magic & 0xff000000, magic & 0x00ffffff];
  const isThird = revision === REVISION_3 && value.length === BYTES_3;
  if (!isThird && !(revision === REVISION_2 && value.length === BYTES_2)) return undefined;
  const root = uid(isThird ? value.readUInt32LE(BYTES_2) : 0);
  if (root === undefined) return undefined;
  const bytes = Buffer.alloc(root === 0 ? BYTES_2 : BYTES_3);
  value.copy(bytes, 4, 4, BYTES_2);
  bytes.writeUInt32LE((root === 0 ? REVISION_2 : REVISION_3) | flags, 0);
  if (root !== 0) bytes.writeUInt32LE(root, BYTES_2);
  return bytes;
}

// -- access control lists (linux/posix_acl_xattr.h), and their text (acl(5)) ---------------------------------------------------

const VERSION = 2;
const ENTRY_BYTES = 8;
const NO_ID = 0xffffffff;
const TAGS: ReadonlyMap<number, string> = new Map([
  [0x01, 'user'],
  [0x02, 'user'],
  [0x04, 'group'],
  [0x08, 'group'],
  [0x10, 'mask'],
  [0x20, 'other'],
]);
const [NAMED_USER, NAMED_GROUP] = [0x02, 0x08];
const LETTERS = 'rwx';

interface AclEntry {
  tag: number;
  /** 4: read, 2: write, 1: execute. */
  may: number;
  id: number;
}

function aclEntries(value: Buffer): AclEntry[] | undefined {
  if (value.length < 4 || value.readUInt32LE(0) !== VERSION || (value.length - 4) % ENTRY_BYTES !== 0) return undefined;
  const entries = Array.from({ length: (value.length - 4) / ENTRY_BYTES }, (_, i) => {
    const at = 4 + i * ENTRY_BYTES;
    return { tag: value.readUInt16LE(at), may: value.readUInt16LE(at + 2), id: value.readUInt32LE(at + 4) };
  });
  return entries.every(({ tag, may }) => TAGS.has(tag) && may < 8) ? entries : undefined;
}

function aclBytes(entries: readonly AclEntry[]): Buffer {
  const value = Buffer.alloc(4 + entries.length * ENTRY_BYTES);
  value.writeUInt32LE(VERSION, 0);
  for (const [i, { tag, may, id }] of entries.entries()) {
    const at = 4 + i * ENTRY_BYTES;
    value.writeUInt16LE(tag, at);
    value.writeUInt16LE(may, at + 2);
    value.writeUInt32LE(id, at + 4);
  }
  return value;
}

function acl(value: Buffer, { uid, gid }: Translation): Buffer | undefined {
  const entries = aclEntries(value)?.map((entry) => ({
    ...entry,
    id: entry.tag === NAMED_USER ? uid(entry.id) : entry.tag === NAMED_GROUP ? gid(entry.id) : entry.id,
  }));
  return entries?.every((entry): entry is AclEntry => entry.id !== undefined) ? aclBytes(entries) : undefined;
}

function aclText(value: Buffer): string | undefined {
  return aclEntries(value)
    ?.map(({ tag, may, id }) => {
      const whose = tag === NAMED_USER || tag === NAMED_GROUP ? String(id) : '';
      const letters = [...LETTERS].map((letter, i) => (may & (4 >> i) ? letter : '-')).join('');
      return `${TAGS.get(tag)}:${whose}:${letters}\n`;
    })
    .join('');
}

/** undefined for a text that names somebody by no number: there is nobody to ask who that is. */
function aclOfText(text: string): Buffer | undefined {
  const lines = text.split(/[\n,]/).map((line) => line.replace(/#.*/, '').trim());
  const entries = lines.filter(Boolean).map((line): AclEntry | undefined => {
    const parts = /^(user|group|mask|other):([^:]*):([-rwx]{1,3})(?::(\d+))?$/.exec(line);
    if (!parts) return undefined;
    const [, word = '', name = '', letters = '', number = name] = parts;
    const tag = [...TAGS].find(([one, other]) => other === word && (one === NAMED_USER || one === NAMED_GROUP) === (name !== ''))?.[0];
    if (tag === undefined || (name !== '' && !/^\d{1,10}$/.test(number))) return undefined;
    const may = [...LETTERS].reduce((sum, letter, i) => sum | (letters.includes(letter) ? 4 >> i : 0), 0);
    return { tag, may, id: name === '' ? NO_ID : Number(number) };
  });
  if (entries.length === 0 || !entries.every((entry) => entry !== undefined && entry.id <= NO_ID)) return undefined;
  return aclBytes((entries as AclEntry[]).sort((one, other) => one.tag - other.tag || one.id - other.id));
}

// -- in an archive -------------------------------------------------------------------------------------------------------------

const PREFIX = 'SCHILY.xattr.';
/** star's names, which GNU tar and bsdtar have too. */
const ACLS: readonly (readonly [record: string, name: string])[] = [
  ['SCHILY.acl.access', ACCESS],
  ['SCHILY.acl.default', DEFAULT],
];

/** The records of an archive that have them. */
export function recordsOf(extended: Extended): [key: string, value: string][] {
  return [...extended].flatMap(([name, value]): [string, string][] => {
    const acl = ACLS.find(([, one]) => one === name);
    if (!acl) return [[PREFIX + name.replaceAll('%', '%25').replaceAll('=', '%3D'), value.toString('latin1')]];
    const text = aclText(value);
    return text === undefined ? [] : [[acl[0], text]];
  });
}

/** Those that records have, and names of what is none. */
export function extendedIn(records: ReadonlyMap<string, string>): { extended: Map<string, Buffer>; strange: string[] } {
  const extended = new Map<string, Buffer>();
  const strange: string[] = [];
  for (const [key, text] of records) {
    const acl = ACLS.find(([record]) => record === key);
    const name = acl?.[1] ?? (key.startsWith(PREFIX) ? decoded(key.slice(PREFIX.length)) : undefined);
    if (name === undefined) continue;
    const value = acl ? aclOfText(text) : Buffer.from(text, 'latin1');
    if (value && name !== '' && !name.includes('\0')) extended.set(name, value);
    else strange.push(name);
  }
  return { extended, strange };
}

const decoded = (name: string): string => name.replace(/%(25|3[Dd])/g, (_, code: string) => (code === '25' ? '%' : '='));
