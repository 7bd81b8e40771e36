import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempStore, tempStore, tree } from '../../helpers/temp-store.ts';

type Definitions = typeof import('../../../src/store/definitions.ts');
let store: TempStore;
let definitions: Definitions;
beforeEach(async () => {
  store = tempStore();
  definitions = await import('../../../src/store/definitions.ts');
});
afterEach(() => store.remove());

const STORED = `<!--\nwho made it\n-->\n\n<domain type='lxc'>\n  <name>vm1</name>\n  <uuid>0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5</uuid>\n</domain>\n`;

describe('definitions', () => {
  it('of a new store are none', () => {
    expect([
      definitions.definedNames(),
      definitions.isDefined('vm1'),
      definitions.readDefinition('vm1'),
      definitions.autostartNames(),
    ]).toEqual([[], false, undefined, []]);
  });

  it('are stored below the prefix, read without their comment, and listed without what is none', () => {
    definitions.writeDefinition('vm1', STORED);
    definitions.writeDefinition('a b.xml', STORED);
    definitions.writeDefinition('..', STORED);
    fs.writeFileSync(store.at('etc/libvirt/lxc/.17.0.new'), 'half');
    fs.writeFileSync(store.at('etc/libvirt/lxc/.xml'), '');
    fs.writeFileSync(store.at('etc/libvirt/lxc/README'), '');
    definitions.setAutostartLink('vm1', true);
    expect(fs.readFileSync(store.at('etc/libvirt/lxc/vm1.xml'), 'utf8')).toBe(STORED);
    expect(definitions.definedNames().sort()).toEqual(['..', 'a b.xml', 'vm1']);
    expect(definitions.readDefinition('vm1')).toBe(STORED.slice(STORED.indexOf('<domain')));
    expect([definitions.isDefined('vm1'), definitions.isDefined('vm')]).toEqual([true, false]);
  });

  it('without a domain in them are told of', () => {
    definitions.writeDefinition('vm1', '<network/>');
    expect(() => definitions.readDefinition('vm1')).toThrow(
      `internal error: file '${store.at('etc/libvirt/lxc/vm1.xml')}' holds no domain`,
    );
  });

  it('are removed together with their autostart mark', () => {
    definitions.writeDefinition('vm1', STORED);
    definitions.setAutostartLink('vm1', true);
    definitions.removeDefinition('vm1');
    definitions.removeDefinition('vm1');
    expect(tree(store.at('etc/libvirt/lxc'))).toEqual({ 'autostart/': '' });
  });
});

describe('setAutostartLink()', () => {
  it('marks by a link to the definition, and unmarks; twice is as once', () => {
    for (let i = 0; i < 2; i++) definitions.setAutostartLink('vm1', true);
    expect(tree(store.at('etc/libvirt/lxc/autostart'))).toEqual({ 'vm1.xml': `-> ${store.at('etc/libvirt/lxc/vm1.xml')}` });
    expect([definitions.hasAutostartLink('vm1'), definitions.hasAutostartLink('vm2'), definitions.autostartNames()]).toEqual([
      true,
      false,
      ['vm1'],
    ]);
    for (let i = 0; i < 2; i++) definitions.setAutostartLink('vm1', false);
    expect([definitions.hasAutostartLink('vm1'), definitions.autostartNames()]).toEqual([false, []]);
  });
});
