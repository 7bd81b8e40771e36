// <os>: what runs as PID 1, how, and for which architecture.

import { libvirtError } from '../../errors.ts';
import { attributeOf, childOf, childrenOf, childText, firstText, mergedChild, textOf, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainOs } from '../definition.ts';
import { entryOf } from '../table.ts';
import { ANY_TYPE } from './identity.ts';

const OS_TYPES = ['hvm', 'xen', 'linux', 'exe', 'uml', 'xenpvh'];

/** Those that libvirt knows by name. */
export const ARCHITECTURES =
  'alpha armv6l armv7l armv7b aarch64 cris i686 ia64 lm32 m68k microblaze microblazeel mips mipsel mips64 mips64el openrisc parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb riscv32 riscv64 s390 s390x sh4 sh4eb sparc sparc64 unicore32 x86_64 xtensa xtensaeb loongarch64'.split(
    ' ',
  );

/** The 32-bit architectures that a 64-bit kernel runs as well. */
const SIBLINGS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['i686'],
  aarch64: ['armv7l'],
  ppc64: ['ppc'],
  s390x: ['s390'],
  mips64: ['mips'],
  sparc64: ['sparc'],
};

/** <type> with its checks against what the LXC driver can run on a host of `hostArch`; the rest of <os> comes later. */
export function parseOsType(domain: XmlElement, virtType: string, hostArch: string): { arch: string; machine?: string } {
  // As XPath's os/type[1] has it: of several <os> the first <type> of each, and of those the first that has what is asked for.
  const types = childrenOf(domain, 'os').flatMap((os) => childOf(os, 'type') ?? []);
  const attribute = (name: string) => types.map((type) => attributeOf(type, name)).find((value) => value !== undefined) || undefined;
  // Xen's, to libvirt, is what has a boot loader and no type.
  const text = (types[0] && textOf(types[0])) || (childText(domain, 'bootloader') && 'xen');
  if (!text) throw libvirtError('XML_ERROR', 'an os <type> must be specified');
  if (!OS_TYPES.includes(text)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown OS type '${text}'`);
  const given = attribute('arch');
  if (given !== undefined && !ARCHITECTURES.includes(given)) throw libvirtError('CONFIG_UNSUPPORTED', `Unknown architecture ${given}`);
  const arch = given ?? hostArch;
  const runs = arch === hostArch || (entryOf(SIBLINGS, hostArch)?.includes(arch) ?? false);
  if (text !== 'exe' || !['lxc', ANY_TYPE].includes(virtType) || !runs) {
    const ostype = text === 'hvm' ? '' : `ostype=${text} `;
    const domaintype = virtType === ANY_TYPE ? '' : `domaintype=${virtType} `;
    throw libvirtError('INVALID_ARG', `could not find capabilities for ${ostype}arch=${arch} ${domaintype}`);
  }
  const machine = attribute('machine');
  return { arch, ...(machine !== undefined && { machine }) };
}

/** The rest of <os>; `init` is empty if it is missing, which validateOs() reports in its time. */
export function parseOs(domain: XmlElement, type: { arch: string; machine?: string }): DomainOs {
  const element = mergedChild(domain, 'os') as XmlElement;
  const os: DomainOs = { ...type, init: childText(element, 'init') ?? '', initargs: [], initenv: [] };
  for (const argument of childrenOf(element, 'initarg')) {
    const text = firstText(argument);
    if (text === '') throw libvirtError('XML_ERROR', 'No data supplied for <initarg> element');
    os.initargs.push(text);
  }
  for (const variable of childrenOf(element, 'initenv')) {
    const name = attributeOf(variable, 'name');
    if (name === undefined) throw libvirtError('XML_ERROR', 'No name supplied for <initenv> element');
    const value = firstText(variable);
    if (value === '') throw libvirtError('XML_ERROR', `No value supplied for <initenv name='${name}'> element`);
    os.initenv.push({ name, value });
  }
  for (const name of ['cmdline', 'initdir', 'inituser', 'initgroup'] as const) {
    const text = childText(element, name);
    if (text !== undefined) os[name] = text;
  }
  return os;
}

/** <os><smbios>, which is read later than the rest. */
export function parseSmbios(domain: XmlElement): string | undefined {
  const os = childOf(domain, 'os');
  const element = os && childOf(os, 'smbios');
  if (element === undefined) return undefined;
  const mode = attributeOf(element, 'mode');
  if (!mode) return undefined;
  if (!['none', 'emulate', 'host', 'sysinfo'].includes(mode)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown smbios mode '${mode}'`);
  return mode === 'none' ? undefined : mode;
}

export function validateOs(os: DomainOs): void {
  if (os.init === '') throw libvirtError('XML_ERROR', 'init binary must be specified');
}

export function writeOs(writer: XmlWriter, os: DomainOs): void {
  writer.block('os', [], () => {
    writer.text('type', 'exe', [
      ['arch', os.arch || undefined],
      ['machine', os.machine],
    ]);
    writer.text('init', os.init || undefined);
    for (const argument of os.initargs) writer.text('initarg', argument);
    // libvirt does not escape these three.
    for (const { name, value } of os.initenv) writer.unescapedText('initenv', value, [['name', name]]);
    writer.text('initdir', os.initdir);
    writer.unescapedText('inituser', os.inituser);
    writer.unescapedText('initgroup', os.initgroup);
    writer.text('cmdline', os.cmdline);
    if (os.smbios !== undefined) writer.empty('smbios', [['mode', os.smbios]]);
  });
}
