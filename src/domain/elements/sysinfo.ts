// <sysinfo>: tables for a guest's firmware, kept and printed.

import { libvirtError } from '../../errors.ts';
import { parseUuid } from '../../values/uuid.ts';
import { requiredEnum } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { echoedElement } from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../../xml/element.ts';

const SMBIOS_GROUPS: readonly [name: string, entries: readonly string[], many: boolean][] = [
  ['bios', ['vendor', 'version', 'date', 'release'], false],
  ['system', ['manufacturer', 'product', 'version', 'serial', 'uuid', 'sku', 'family'], false],
  ['baseBoard', ['manufacturer', 'product', 'version', 'serial', 'asset', 'location'], true],
  ['chassis', ['manufacturer', 'version', 'serial', 'asset', 'sku'], false],
];

/** `uuid`: the domain's own, which a system's must not contradict; undefined where that was just made up. */
export function parseSysinfo(domain: XmlElement, uuid: string | undefined): EchoedElement[] {
  return childrenOf(domain, 'sysinfo').map((element) => {
    const type = requiredEnum(element, 'type', ['smbios', 'fwcfg']);
    return echoedElement('sysinfo', [['type', type]], type === 'smbios' ? smbios(element, uuid) : firmware(element));
  });
}

function smbios(element: XmlElement, uuid: string | undefined): EchoedElement[] {
  const groups: EchoedElement[] = [];
  for (const [name, known, many] of SMBIOS_GROUPS) {
    const found = childrenOf(element, name);
    for (const group of many ? found : found.slice(0, 1)) {
      const entries = known.flatMap((entry) => {
        const text = entryText(group, entry);
        return text === undefined ? [] : [echoedElement('entry', [['name', entry]], [], checked(name, entry, text, uuid))];
      });
      if (entries.length > 0) groups.push(echoedElement(name, [], entries));
    }
  }
  const strings = childOf(element, 'oemStrings');
  const texts = strings ? childrenOf(strings, 'entry').map(textOf) : [];
  if (texts.length > 0)
    groups.push(
      echoedElement(
        'oemStrings',
        [],
        texts.map((text) => echoedElement('entry', [], [], text)),
      ),
    );
  return groups;
}

function entryText(group: XmlElement, name: string): string | undefined {
  const entry = childrenOf(group, 'entry').find((candidate) => attributeOf(candidate, 'name') === name);
  return (entry && textOf(entry)) || undefined;
}

function checked(group: string, entry: string, text: string, uuid: string | undefined): string {
  if (group === 'bios' && entry === 'date') {
    const date = /^(\d{1,2})\/(\d{1,2})\/(\d{2}|\d{4})$/.exec(text);
    const [month, day] = [Number(date?.[1] ?? 0), Number(date?.[2] ?? 0)];
    if (month < 1 || month > 12 || day < 1 || day > 31) throw libvirtError('PLAIN', "Invalid BIOS 'date' format");
  }
  if (group === 'system' && entry === 'uuid') {
    const parsed = parseUuid(text);
    if (parsed === undefined) throw libvirtError('PLAIN', 'malformed <sysinfo> uuid element');
    if (uuid !== undefined && parsed !== uuid) throw libvirtError('PLAIN', 'UUID mismatch between <uuid> and <sysinfo>');
    return parsed;
  }
  return text;
}

function firmware(element: XmlElement): EchoedElement[] {
  return childrenOf(element, 'entry').map((entry) => {
    const name = attributeOf(entry, 'name');
    if (name === undefined) throw libvirtError('XML_ERROR', "Firmware entry is missing 'name' attribute");
    const value = textOf(entry).trim() === '' ? undefined : textOf(entry);
    const file = attributeOf(entry, 'file') || undefined;
    if (value === undefined && file === undefined)
      throw libvirtError('XML_ERROR', "Firmware entry must have either value or 'file' attribute");
    return echoedElement(
      'entry',
      [
        ['name', name],
        ['file', value === undefined ? file : undefined],
      ],
      [],
      value,
    );
  });
}
