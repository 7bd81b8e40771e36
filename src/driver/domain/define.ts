// define, undefine and rename.
import { transition } from '../../container/lifecycle.ts';
import { repairStale } from '../../container/repair.ts';
import type { DomainRef } from '../../domain/ref.ts';
import type { DomainStatus } from '../../domain/status.ts';
import { isFailure, libvirtError, unsupportedFlags } from '../../errors.ts';
import { noteChange } from '../../store/change-note.ts';
import { endRename } from '../../store/change-repair.ts';
import { autostartMarks, isDefined, removeDefinition, setAutostartLink } from '../../store/definitions.ts';
import { loadDefinition, loadStatus, saveDefinition } from '../../store/domain-documents.ts';
import { liveStatus, type StatusRecord } from '../../store/live-status.ts';
import { lockDomain, lockStore } from '../../store/lock.ts';
import { networkStatusNames } from '../../store/networks.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { findByName } from './lookup.ts';
import { readNewDomain } from './new-domain.ts';
import { checkUnique } from './unique.ts';

/**
 * Stores a definition; that of a running domain counts from its next start.
 * Throws XML_ERROR and its kin, OPERATION_FAILED where the name or uuid is another domain's; nothing is stored then.
 */
export async function defineDomain(
  connection: Connection,
  xml: string | Uint8Array,
  { validate, onWarning }: { validate?: boolean; onWarning?: (text: string) => void },
): Promise<DomainRef> {
  requireWritable(connection, 'virDomainDefineXML');
  const { definition, warnOfLosses } = await readNewDomain(xml, { validate });
  using _lock = lockDomain(definition.name);
  using _store = lockStore();
  checkUnique(definition);
  const change = transition(definition, 'defined', isDefined(definition.name) ? 'updated' : 'added');
  change.at('before');
  saveDefinition(definition);
  change.at('done');
  warnOfLosses(onWarning);
  return definition;
}

export interface UndefineFlags {
  managedSave?: boolean;
  snapshotsMetadata?: boolean;
  checkpointsMetadata?: boolean;
  nvram?: boolean;
  keepNvram?: boolean;
  tpm?: boolean;
  keepTpm?: boolean;
}

/**
 * Flags of virDomainUndefineFlags that mean something to other drivers only. virsh does without any of them where the driver
 * refuses, unless the first is among them.
 */
const REFUSED_FLAGS: [keyof UndefineFlags, number][] = [
  ['nvram', 0x4],
  ['keepNvram', 0x8],
  ['checkpointsMetadata', 0x10],
  ['tpm', 0x20],
  ['keepTpm', 0x40],
];

/** Forgets a definition; a domain that runs becomes transient. Throws OPERATION_INVALID for one that is transient. */
export async function undefineDomain(connection: Connection, ref: DomainRef, flags: UndefineFlags): Promise<void> {
  requireWritable(connection, 'virDomainUndefineFlags');
  const refused = REFUSED_FLAGS.reduce((bits, [name, bit]) => (flags[name] ? bits | bit : bits), 0);
  if (flags.nvram) throw unsupportedFlags(refused, 'lxcDomainUndefineFlags');
  using _lock = lockDomain(ref.name);
  if (!isDefined(ref.name)) throw libvirtError('OPERATION_INVALID', 'Cannot undefine transient domain');
  await repairStale(ref.name);
  const domain = { name: ref.name, uuid: knownUuid(ref) };
  const record = liveStatus(ref.name);
  const status = record && withConfig(record);
  const change = status
    ? transition(domain, 'undefined', 'while running', { status })
    : transition(domain, 'undefined', record ? 'while damaged' : 'while off');
  change.at('before');
  removeDefinition(ref.name);
  change.at('done');
  // A start that was killed may have left some, which only the next one would look for.
  if (!record && networkStatusNames().length > 0) (await import('../../bridge/ports.ts')).releaseOldPorts(domain);
}

/** What is stored stays the configuration of a domain that runs: its inactive XML. undefined: either is damaged. */
function withConfig(record: StatusRecord): DomainStatus | undefined {
  try {
    return { ...loadStatus(record), config: loadDefinition(record.name) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}

/** '' for a definition that is damaged: that must not keep it from being removed. */
function knownUuid(ref: DomainRef): string {
  try {
    return ref.uuid;
  } catch {
    return '';
  }
}

/**
 * Gives a domain that is off another name. Its autostart marks and log go with it.
 * Differs from libvirt, whose LXC driver cannot. Throws OPERATION_INVALID or OPERATION_FAILED; nothing is changed then.
 */
export function renameDomain(connection: Connection, ref: DomainRef, newName: string): void {
  requireWritable(connection, 'virDomainRename');
  if (newName.trim() === '' || newName.includes('/') || newName.includes('\n'))
    throw libvirtError('INVALID_ARG', `invalid domain name '${newName}'`);
  if (newName === ref.name) throw libvirtError('INVALID_ARG', "Can't rename domain to itself");
  const [first, second] = [ref.name, newName].sort(); // always in the same order: two renames must not wait for each other
  using _lockA = lockDomain(first!);
  using _lockB = lockDomain(second!);
  using _store = lockStore();
  if (!isDefined(ref.name)) throw libvirtError('OPERATION_INVALID', 'cannot rename a transient domain');
  if (liveStatus(ref.name)) throw libvirtError('OPERATION_INVALID', 'cannot rename active domain');
  if (findByName(newName)) throw libvirtError('OPERATION_INVALID', `domain with name '${newName}' already exists`);
  const names = { from: ref.name, to: newName };
  noteChange(names);
  const marks = autostartMarks(ref.name);
  const change = transition({ name: newName, uuid: ref.uuid }, 'defined', 'renamed');
  saveDefinition({ ...loadDefinition(ref.name), name: newName });
  for (const mark of marks) setAutostartLink(newName, true, mark);
  removeDefinition(ref.name, { isNoted: true }); // whoever dies before has renamed nothing, and after that everything
  change.at('done');
  endRename(names);
}
