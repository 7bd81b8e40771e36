// What a domain of this driver can have, as a document: domcapabilities.

import path from 'node:path';
import { libvirtError } from '../../errors.ts';
import { presentCpus } from '../../host/cpu.ts';
import { DEFAULT_EMULATOR } from '../../host/parse-host.ts';
import { XmlWriter } from '../../xml/writer.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { architectures } from './capabilities.ts';

/** Of which domains; what is left out is what a definition that says nothing of it gets. */
export interface DomainKindRequest {
  readonly virttype?: string | undefined;
  readonly emulator?: string | undefined;
  readonly arch?: string | undefined;
  readonly machine?: string | undefined;
}

/** Ends in a newline. Throws INVALID_ARG for what is no container's. Source: libvirt's domain capabilities XML page. */
export function domainCapabilitiesXml(connection: Connection, request: DomainKindRequest): string {
  requireWritable(connection, 'virConnectGetDomainCapabilities');
  requireBeyondLibvirt('virConnectGetDomainCapabilities');
  const { virttype = 'lxc', emulator = DEFAULT_EMULATOR, arch = architectures()[0]!, machine } = request;
  if (virttype !== 'lxc') throw libvirtError('INVALID_ARG', `unknown virttype: ${virttype}`);
  if (path.basename(emulator) !== path.basename(DEFAULT_EMULATOR))
    throw libvirtError('INVALID_ARG', `unknown emulator binary '${emulator}'`);
  if (!architectures().includes(arch)) throw libvirtError('INVALID_ARG', `unknown architecture: ${arch}`);
  if (machine !== undefined) throw libvirtError('INVALID_ARG', `the machine '${machine}' is not supported by emulator '${emulator}'`);
  const writer = new XmlWriter();
  writer.block('domainCapabilities', [], () => {
    writer.text('path', emulator);
    writer.text('domain', virttype);
    writer.text('arch', arch);
    writer.empty('vcpu', [['max', presentCpus().length]]);
    writer.empty('iothreads', NO);
    writer.block('os', YES, () => writer.empty('loader', NO));
    writer.block('cpu', [], () => {
      for (const mode of ['host-passthrough', 'maximum', 'host-model', 'custom']) writer.empty('mode', [['name', mode], ...NO]);
    });
    writer.empty('memoryBacking', NO);
    writer.block('devices', [], () => writeDevices(writer));
    writer.block('features', [], () => {
      for (const feature of FEATURES) writer.empty(feature, NO);
    });
  });
  return writer.toString();
}

const YES = [['supported', 'yes']] as const;
const NO = [['supported', 'no']] as const;

/** What of a device a container can have. */
const DEVICES: readonly (readonly [name: string, values: Readonly<Record<string, readonly string[]>> | undefined])[] = [
  ['disk', { diskDevice: ['disk'] }],
  ['graphics', undefined],
  ['video', undefined],
  ['hostdev', { mode: ['subsystem', 'capabilities'], subsysType: ['usb'], capsType: ['storage', 'misc', 'net'] }],
  ['rng', undefined],
  ['filesystem', { driverType: ['loop', 'nbd'] }],
  ['tpm', undefined],
  ['redirdev', undefined],
  ['channel', undefined],
];

const FEATURES = ['gic', 'vmcoreinfo', 'genid', 'backingStoreInput', 'backup', 'sev', 'sgx'];

function writeDevices(writer: XmlWriter): void {
  for (const [name, enums] of DEVICES) {
    if (!enums) {
      writer.empty(name, NO);
      continue;
    }
    writer.block(name, YES, () => {
      for (const [of, values] of Object.entries(enums))
        writer.block('enum', [['name', of]], () => {
          for (const value of values) writer.text('value', value);
        });
    });
  }
}
