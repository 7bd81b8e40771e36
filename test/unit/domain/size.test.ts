// One short element, or many of one kind, must not cost minutes.
import { describe, expect, it } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { cpuMs } from '../../helpers/cpu-time.ts';
import { domainWith, testHost } from './test-host.ts';

const MANY = 20_000;
/** Linear work takes a tenth of this; what grew with the square took ten times as much, or ran out of memory. */
const LIMIT_MS = 6_000;

const repeated = (one: (n: number) => string): string => Array.from({ length: MANY }, (_none, n) => one(n)).join('');

/** `a`, `b` … `aa`. */
function letters(n: number): string {
  return (n >= 26 ? letters(Math.floor(n / 26) - 1) : '') + String.fromCharCode(97 + (n % 26));
}

describe('many of one kind', () => {
  it.each<[string, () => Parameters<typeof domainWith>[0]]>([
    ['attributes', () => ({ top: `<x ${repeated((n) => ` a${n}='1'`)}/>` })],
    ['namespaces', () => ({ top: `<x ${repeated((n) => ` xmlns:a${n}='u${n}' a${n}:b='1'`)}/>` })],
    ['metadata', () => ({ top: `<metadata ${repeated((n) => ` xmlns:a${n}='u${n}'`)}>${repeated((n) => `<a${n}:b/>`)}</metadata>` })],
    ['ranges of CPUs', () => ({ top: `<vcpu cpuset='${repeated(() => '0-16383,')}1'>1</vcpu>` })],
    [
      'pinned threads',
      () => ({
        top: `<iothreads>16384</iothreads><cputune>${repeated((n) => (n < 16384 ? `<iothreadpin iothread='${n + 1}' cpuset='0'/>` : ''))}</cputune>`,
      }),
    ],
    ['labels', () => ({ top: repeated((n) => `<seclabel type='dynamic' model='m${n}' relabel='yes'/>`) })],
    ['disks', () => ({ devices: repeated((n) => `<disk type='block'><source dev='/d'/><target dev='vd${letters(n)}'/></disk>`) })],
    [
      'disks of a controller',
      () => ({ devices: repeated((n) => `<disk type='block'><source dev='/d'/><target dev='sd${letters(n)}'/></disk>`) }),
    ],
    ['controllers', () => ({ devices: repeated(() => "<controller type='virtio-serial'/>") })],
    ['numbered controllers', () => ({ devices: repeated((n) => `<controller type='scsi' index='${n}'/>`) })],
    [
      'SCSI devices',
      () => ({
        devices: repeated(
          (n) =>
            `<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='${n}' unit='0'/></source></hostdev>`,
        ),
      }),
    ],
  ])('%s', (_what, parts) => {
    const document = domainWith(parts());
    expect(cpuMs(() => formatDomain(parseDomain(document, testHost()), { live: false }))).toBeLessThan(LIMIT_MS);
  });
});

describe('a number that nobody means', () => {
  it.each([
    [{ top: '<iothreads>4000000000</iothreads>' }, "iothreads count '4000000000' is greater than the maximum of 16384"],
    [
      { devices: "<disk type='block'><source dev='/d'/><target dev='sdzzzz'/></disk>" },
      "disk 'sdzzzz' is on scsi controller 67893, but a domain has at most 4096 of them",
    ],
    [{ devices: "<disk type='block'><source dev='/d'/><target dev='sdzzzzzzzz'/></disk>" }, "disk 'sdzzzzzzzz' is on scsi controller"],
    [
      {
        devices:
          "<disk type='block'><source dev='/d'/><target dev='sda'/><address type='drive' controller='4000000000' bus='0' target='0' unit='0'/></disk>",
      },
      "disk 'sda' is on scsi controller 4000000000, but a domain has at most 4096 of them",
    ],
    [{ top: `<currentMemory>${'9'.repeat(1_000_000)}</currentMemory>` }, 'Invalid value'],
    [{ top: "<vcpu cpuset='0-4000000000'>1</vcpu>" }, "Failed to parse bitmap '0-4000000000'"],
  ])('%#', (parts, message) => {
    expect(cpuMs(() => expect(() => parseDomain(domainWith(parts), testHost())).toThrow(message))).toBeLessThan(LIMIT_MS);
  });
});
