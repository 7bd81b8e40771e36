import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomainElement } from '../../../src/domain/parse.ts';
import { strangersIn, strangersInDevice } from '../../../src/domain/strangers.ts';
import { parseXml } from '../../../src/xml/reader.ts';
import { testHost } from './test-host.ts';

const warnings = (xml: string): string[] => {
  const root = parseXml(xml, '');
  const definition = parseDomainElement(root, testHost(), { inactive: true });
  return strangersIn(root, () => formatDomain(definition, { live: false }));
};
const domain = (inside: string, devices = '') =>
  `<domain type='lxc'><name>a</name><memory>1</memory><os><type>exe</type><init>/i</init></os>${inside}<devices>${devices}</devices></domain>`;

describe('strangersIn()', () => {
  it.each([
    [
      'a device',
      domain('', "<filesytem type='mount'><source dir='/'/></filesytem>"),
      ['unknown element <filesytem> in <devices> is left out'],
    ],
    [
      'part of a device',
      domain('', "<filesystem type='mount'><source dir='/a'/><target dir='/b'/><readonyl/></filesystem>"),
      ['unknown element <readonyl> in <filesystem> is left out'],
    ],
    [
      'an attribute',
      domain('', "<filesystem type='mount' acessmode='mapped'><source dir='/a'/><target dir='/b'/></filesystem>"),
      ["unknown attribute 'acessmode' of <filesystem> is left out"],
    ],
    [
      'a part of the domain',
      domain('<memtun/><init>/x</init>'),
      ['unknown element <memtun> in <domain> is left out', 'unknown element <init> in <domain> is left out'],
    ],
    ['part of a part', domain('<cputune><share>5</share></cputune>'), ['unknown element <share> in <cputune> is left out']],
    [
      'part of a device that the tables do not have',
      domain('', "<disk type='block' device='disk'><source dev='/dev/x'/><target dev='sda'/><readonyl/></disk>"),
      ['unknown element <readonyl> in <disk> is left out'],
    ],
    [
      'attributes of a device that the tables do not have, and of its parts',
      domain('', "<disk type='block' devise='disk'><source dev='/dev/x'/><target dev='sda' buss='scsi'/></disk>"),
      ["unknown attribute 'devise' of <disk> is left out", "unknown attribute 'buss' of <target> is left out"],
    ],
    [
      'those of a controller and a console',
      domain('', "<controller type='scsi' idx='0'/><console type='pty'><target type='lxc' porte='0'/></console>"),
      ["unknown attribute 'idx' of <controller> is left out", "unknown attribute 'porte' of <target> is left out"],
    ],
    ['the same twice', domain('', '<a/><a/>'), ['unknown element <a> in <devices> is left out']],
    ['a name without end', domain('', `<${'x'.repeat(5000)}/>`), [`unknown element <${'x'.repeat(60)}...> in <devices> is left out`]],
  ])('names %s', (_, xml, expected) => expect(warnings(xml)).toEqual(expected));

  it('tells how many more there are', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `<x${i}/>`).join('');
    expect(warnings(domain('', many)).slice(7)).toEqual([
      'unknown element <x7> in <devices> is left out',
      '4992 more elements or attributes that are not known are left out',
    ]);
  });

  it.each([
    [
      'metadata, and namespaces of others',
      domain("<metadata><a xmlns='u:x' b='c'/></metadata><q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'/>"),
    ],
    ['what is kept though no schema has it', domain('').replace('<init>', '<cmdline>quiet</cmdline><init>')],
    [
      'what only a running domain has',
      domain(
        '',
        "<console type='pty' tty='/dev/pts/1'><source path='/dev/pts/1'/><target type='lxc' port='0'/><alias name='console0'/></console>",
      ).replace("type='lxc'", "type='lxc' id='7'"),
    ],
  ])('says nothing of %s', (_, xml) => expect(warnings(xml)).toEqual([]));

  it('says nothing of documents that are right', () => {
    const directory = path.join(import.meta.dirname, '../../fixtures/domain-xml');
    const files = fs.readdirSync(directory).filter((name) => name.endsWith('.out.xml') && !/devices|identity/.test(name));
    expect(files.length).toBeGreaterThan(3);
    for (const name of files) expect([name, warnings(fs.readFileSync(path.join(directory, name), 'utf8'))]).toEqual([name, []]);
  });
});

describe('strangersInDevice()', () => {
  const device = (xml: string) => strangersInDevice(parseXml(xml, ''));
  it('names what no such device has', () => {
    expect(device("<interface type='bridge' x='1'><source bridge='b'/><moddel type='a'/></interface>")).toEqual([
      "unknown attribute 'x' of <interface> is left out",
      'unknown element <moddel> in <interface> is left out',
    ]);
  });
  it('says nothing of what the tables do not have', () => expect(device("<disk type='block'><sorce/></disk>")).toEqual([]));
});
