// What `--print-xml` prints of commands that containers do not have: virsh makes these documents itself, and no driver is asked.
// Differs from libvirt: what is written into a document is escaped everywhere, and a disk without a name is an element.

import { inContext, libvirtError } from '../errors.ts';
import { splitAtCommas } from '../values/comma-list.ts';
import { type Attributes, XmlWriter } from '../xml/writer.ts';

/** The options of the command by their names. */
export type DocumentOptions = Readonly<Record<string, unknown>>;

const problem = (message: string) => libvirtError('PLAIN', message);
const textOf = (options: DocumentOptions, name: string): string | undefined => options[name] as string | undefined;

/** `key=value` words of a specification by key; `bare` names the key of a word without one. Undefined for an unknown or repeated key. */
function settings(words: readonly string[], keys: readonly string[], bare?: (word: string) => string | undefined) {
  const found = new Map<string, string>();
  for (const word of words) {
    const key = keys.find((candidate) => !found.has(candidate) && word.startsWith(`${candidate}=`));
    const other = key === undefined ? bare?.(word) : undefined;
    if (key !== undefined) found.set(key, word.slice(key.length + 1));
    else if (other !== undefined && !found.has(other)) found.set(other, word);
    else return undefined;
  }
  return found;
}

/** <domainsnapshot> or <domaincheckpoint>, with an empty line behind it, as virsh has it. */
function stateDocument(
  root: string,
  options: DocumentOptions,
  memory: ((writer: XmlWriter) => void) | undefined,
  disk: typeof snapshotDisk,
): string {
  const writer = new XmlWriter();
  const disks = (options['diskspec'] ?? []) as readonly string[];
  writer.openBlock(root, [], () => {
    writer.text('name', textOf(options, 'name'));
    writer.text('description', textOf(options, 'description'));
    memory?.(writer);
    if (disks.length > 0)
      writer.block('disks', [], () => {
        for (const spec of disks) disk(writer, spec);
      });
  });
  return `${writer.toString()}\n`;
}

/** snapshot-create-as. Throws for a specification that virsh would not read. */
export function snapshotDocument(options: DocumentOptions): string {
  const memory = textOf(options, 'memspec');
  const writeMemory = memory === undefined ? undefined : (writer: XmlWriter) => snapshotMemory(writer, memory);
  return stateDocument('domainsnapshot', options, writeMemory, snapshotDisk);
}

/** checkpoint-create-as. */
export const checkpointDocument = (options: DocumentOptions): string =>
  stateDocument('domaincheckpoint', options, undefined, checkpointDisk);

function snapshotMemory(writer: XmlWriter, spec: string): void {
  const found = settings(splitAtCommas(spec), ['snapshot', 'file'], (word) => (word.startsWith('/') ? 'file' : undefined));
  if (!found) throw problem(`unable to parse memspec: ${spec}`);
  writer.empty('memory', [
    ['snapshot', found.get('snapshot')],
    ['file', found.get('file')],
  ]);
}

function snapshotDisk(writer: XmlWriter, spec: string): void {
  const [name, ...words] = splitAtCommas(spec);
  const found = settings(words, ['snapshot', 'driver', 'file', 'stype']);
  const unreadable = problem(`unable to parse diskspec: ${spec}`);
  if (!found) throw unreadable;
  const type = found.get('stype');
  if (type !== undefined && type !== 'file' && type !== 'block') throw inContext(`Unknown storage type: '${type}'`, unreadable);
  const attributes: Attributes = [
    ['name', name],
    ['snapshot', found.get('snapshot')],
    ['type', type],
  ];
  writer.block('disk', attributes, () => {
    if (found.has('driver')) writer.empty('driver', [['type', found.get('driver')]]);
    if (found.has('file')) writer.empty('source', [[type === 'block' ? 'dev' : 'file', found.get('file')]]);
  });
}

function checkpointDisk(writer: XmlWriter, spec: string): void {
  const [name, ...words] = splitAtCommas(spec);
  const found = settings(words, ['checkpoint', 'bitmap']);
  if (!found) throw problem(`unable to parse diskspec: ${spec}`);
  writer.empty('disk', [
    ['name', name],
    ['checkpoint', found.get('checkpoint')],
    ['bitmap', found.get('bitmap')],
  ]);
}

/** pool-create-as, pool-define-as. */
export function poolDocument(options: DocumentOptions): string {
  const writer = new XmlWriter();
  const target = textOf(options, 'target');
  writer.block('pool', [['type', textOf(options, 'type')]], () => {
    writer.text('name', textOf(options, 'name'));
    writePoolSource(writer, options);
    if (target !== undefined) writer.block('target', [], () => writer.text('path', target));
  });
  return writer.toString();
}

function writePoolSource(writer: XmlWriter, options: DocumentOptions): void {
  const of = (name: string) => textOf(options, name);
  const element = (name: string, attribute: string, value: string | undefined): void => {
    if (value !== undefined) writer.empty(name, [[attribute, value]]);
  };
  const adapter = adapterOf(of);
  const sources = ['host', 'path', 'dev', 'name', 'format', 'initiator'].map((name) => of(`source-${name}`));
  // A secret or a protocol alone makes no <source>.
  if (!adapter && sources.every((value) => value === undefined)) return;
  const initiator = of('source-initiator');
  writer.block('source', [], () => {
    element('host', 'name', of('source-host'));
    element('dir', 'path', of('source-path'));
    element('device', 'path', of('source-dev'));
    if (initiator !== undefined) writer.block('initiator', [], () => element('iqn', 'name', initiator));
    if (adapter) writer.empty('adapter', adapter);
    writeSecret(writer, of);
    element('format', 'type', of('source-format'));
    writer.text('name', of('source-name'));
    element('protocol', 'ver', of('source-protocol-ver'));
  });
}

type Option = (name: string) => string | undefined;

function adapterOf(of: Option): Attributes | undefined {
  const [wwnn, wwpn, name] = [of('adapter-wwnn'), of('adapter-wwpn'), of('adapter-name')];
  if (wwnn !== undefined && wwpn !== undefined) return [['type', 'fc_host'], ...parentOf(of), ['wwnn', wwnn], ['wwpn', wwpn]];
  if (name === undefined) return undefined;
  return [
    ['type', 'scsi_host'],
    ['name', name],
  ];
}

/** The first complete way of naming it. */
function parentOf(of: Option): Attributes {
  const [parent, wwnn, wwpn] = [of('adapter-parent'), of('adapter-parent-wwnn'), of('adapter-parent-wwpn')];
  if (parent !== undefined) return [['parent', parent]];
  if (wwnn !== undefined && wwpn !== undefined)
    return [
      ['parent_wwnn', wwnn],
      ['parent_wwpn', wwpn],
    ];
  return [['parent_fabric_wwn', of('adapter-parent-fabric-wwn')]];
}

function writeSecret(writer: XmlWriter, of: Option): void {
  const [type, username, usage, uuid] = [of('auth-type'), of('auth-username'), of('secret-usage'), of('secret-uuid')];
  if (type === undefined || username === undefined || (usage ?? uuid) === undefined) return;
  const attributes: Attributes = [
    ['type', type],
    ['username', username],
  ];
  writer.block('auth', attributes, () => {
    writer.empty('secret', [
      ['uuid', uuid],
      ['usage', usage],
    ]);
  });
}

/** blockcopy: the copy as a disk. */
export function blockcopyDocument(options: DocumentOptions): string {
  const writer = new XmlWriter();
  const onDevice = Boolean(options['blockdev']);
  writer.block('disk', [['type', onDevice ? 'block' : 'file']], () => {
    writer.empty('source', [[onDevice ? 'dev' : 'file', textOf(options, 'dest')]]);
    const format = textOf(options, 'format');
    if (format !== undefined) writer.empty('driver', [['type', format]]);
  });
  return writer.toString();
}
