// Which definition has a uuid, without reading all of them: a link for each, UUID -> name, and a stamp of the directory of
// definitions as it was when every definition in it had its link. A cache below /run that may be lost at any time: a link is a
// hint, which the definition itself confirms, and a stamp that is not the directory's means that all are read again.
//
// A definition gets its link before it is written, and the stamp is renewed after: whoever dies in between leaves an old stamp.
// Whatever others copy, edit or remove there makes it old, too. What they write into a file that is there already does not: such
// a uuid is found (a look-up that misses reads all), but a new definition may come to have the same.
import fs from 'node:fs';
import { listDirectory } from '../host/system-files.ts';
import { writeAtomically } from './atomic-write.ts';
import { paths } from './paths.ts';
import { skipSweep } from './sweep.ts';

const UUID = /^[0-9a-f-]{36}$/;
const stampFile = `${paths.uuids}/stamp`;

/** The name of the domain that had this uuid when its definition was written. */
export function linkedName(uuid: string): string | undefined {
  try {
    return fs.readlinkSync(`${paths.uuids}/${uuid}`);
  } catch {
    return undefined;
  }
}

/** What every change of the directory of definitions changes. */
export function definitionsStamp(): string {
  const stat = fs.statSync(paths.definitions, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.dev} ${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

/** True if every definition has its link. */
export function isIndexed(): boolean {
  try {
    return fs.readFileSync(stampFile, 'utf8') === definitionsStamp();
  } catch {
    return false;
  }
}

/** Changes the directory of definitions by `action`; if all had their links before it, they have after it. `uuid` becomes that of `name`. */
export function whileIndexed(action: () => void, name: string, uuid: string | undefined): void {
  const before = isIndexed();
  if (before) skipSweep(paths.definitions); // whoever dies there leaves the stamp old
  const linked = uuid === undefined || link(uuid, name);
  action();
  if (before && linked) renewStamp(definitionsStamp());
}

/** To be called when the definition is gone. */
export function unlinkName(uuid: string, name: string): void {
  if (linkedName(uuid) === name) quietly(() => fs.unlinkSync(`${paths.uuids}/${uuid}`));
}

/** Takes away the links that none of these definitions has. The caller holds the store's lock: nobody is about to write one. */
export function unlinkOthers(uuids: ReadonlyMap<string, string>): void {
  quietly(() => {
    for (const entry of listDirectory(paths.uuids)) if (UUID.test(entry) && !uuids.has(entry)) fs.unlinkSync(`${paths.uuids}/${entry}`);
  });
}

/** Makes links for what was read after `stamp` was taken. */
export function indexAll(uuids: ReadonlyMap<string, string>, stamp: string): void {
  for (const [uuid, name] of uuids) if (!link(uuid, name)) return;
  renewStamp(stamp);
}

function link(uuid: string, name: string): boolean {
  if (linkedName(uuid) === name) return true;
  const file = `${paths.uuids}/${uuid}`;
  return quietly(() => {
    fs.mkdirSync(paths.uuids, { recursive: true, mode: 0o755 });
    fs.rmSync(file, { force: true });
    fs.symlinkSync(name, file);
  });
}

function renewStamp(stamp: string): void {
  quietly(() => writeAtomically(stampFile, stamp, { durable: false }));
}

/** A full disk, or a store that cannot be written to, costs time and nothing else. */
function quietly(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
