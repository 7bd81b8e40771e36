// The persistent definitions: /etc/libvirt/lxc/NAME.xml, stored normalised under a comment that says who made it.
import fs from 'node:fs';
import { domainBody, domainFacts } from '../domain/facts.ts';
import { errnoCode, libvirtError, systemError } from '../errors.ts';
import { listDirectory } from '../host/system-files.ts';
import { readIfThere, removeDurably, writeAtomically } from './atomic-write.ts';
import { setLink } from './autostart.ts';
import { forgetChange, noteChange } from './change-note.ts';
import { AUTOSTART_ENDINGS, type AutostartMark, autostartLink, definitionFile, namesIn, paths } from './paths.ts';
import { sweepDirectory } from './sweep.ts';
import { definitionsStamp, indexAll, isIndexed, linkedName, unlinkName, unlinkOthers, whileIndexed } from './uuid-index.ts';

export function definedNames(): string[] {
  return namesIn(listDirectory(paths.definitions), '.xml');
}

export function isDefined(name: string): boolean {
  return fs.statSync(definitionFile(name), { throwIfNoEntry: false }) !== undefined;
}

/** The stored document without its comment: what `dumpxml --inactive` prints. undefined where there is none. */
export function readDefinition(name: string): string | undefined {
  const text = readIfThere(definitionFile(name));
  if (text === undefined) return undefined;
  const body = domainBody(text);
  if (body === undefined) throw libvirtError('INTERNAL_ERROR', `file '${definitionFile(name)}' holds no domain`);
  return body;
}

/** Stores a document that `stored.ts` made. Throws SYSTEM_ERROR; then what was there is untouched. */
export function writeDefinition(name: string, stored: string): void {
  whileIndexed(() => writeAtomically(definitionFile(name), stored, { durable: true }), name, domainFacts(stored).uuid);
}

/** Removes the definition and its autostart marks. `isNoted`: as part of a change that is noted already. */
export function removeDefinition(name: string, { isNoted = false } = {}): void {
  const uuid = readableUuid(name);
  const takesNote = !isNoted && autostartMarks(name).length > 0;
  if (takesNote) noteChange({ from: name, to: '' });
  whileIndexed(
    () => {
      removeDurably(definitionFile(name));
      forgetAutostart(name);
      if (uuid !== undefined) unlinkName(uuid, name);
    },
    name,
    undefined,
  );
  if (takesNote) forgetChange();
}

/** The uuid of a definition; undefined where there is none, or it is damaged: that keeps no other from being found. */
function readableUuid(name: string): string | undefined {
  try {
    return domainFacts(readDefinition(name) ?? '').uuid;
  } catch {
    return undefined;
  }
}

/**
 * The name of the definition with this uuid. `isNew`: nobody looks for it, it is to be made sure that nobody has it. That reads
 * all definitions only if others than we changed something.
 */
export function definedWithUuid(uuid: string, { isNew = false } = {}): string | undefined {
  const hint = linkedName(uuid);
  if (hint !== undefined && readableUuid(hint) === uuid) return hint;
  if (isNew && isIndexed()) return undefined;
  const stamp = definitionsStamp();
  const names = readAll();
  if (isNew) unlinkOthers(names);
  if (names.has(uuid) || isNew) indexAll(names, stamp);
  return names.get(uuid);
}

/** The names of all definitions by uuid. */
function readAll(): Map<string, string> {
  sweepDirectory(paths.definitions); // once it has a stamp again, nobody looks for what died there before
  return new Map(
    definedNames().flatMap((name): [string, string][] => {
      const own = readableUuid(name);
      return own === undefined ? [] : [[own, name]];
    }),
  );
}

export function hasAutostartLink(name: string, mark: AutostartMark = 'always'): boolean {
  try {
    fs.lstatSync(autostartLink(name, mark));
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return false;
    throw systemError(`cannot read link '${autostartLink(name, mark)}'`, error);
  }
}

const MARKS: readonly AutostartMark[] = ['always', 'once'];

/** The marks that a domain has. */
export function autostartMarks(name: string): AutostartMark[] {
  return MARKS.filter((mark) => hasAutostartLink(name, mark));
}

/** The domains that have the mark. */
export function autostartNames(mark: AutostartMark = 'always'): string[] {
  return namesIn(listDirectory(paths.autostart), AUTOSTART_ENDINGS[mark]);
}

/** Marks or unmarks; either may be so already. Throws SYSTEM_ERROR with libvirt's words. */
export function setAutostartLink(name: string, on: boolean, mark: AutostartMark = 'always'): void {
  setLink(autostartLink(name, mark), definitionFile(name), on, `Cannot create autostart directory ${paths.autostart}`);
}

export function forgetAutostart(name: string): void {
  for (const mark of MARKS) setAutostartLink(name, false, mark);
}
