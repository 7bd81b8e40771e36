// The interface of a network in its three forms: stored, in a status document, and as a running domain shows it.
import { describe, expect, it } from 'vitest';
import type { ActualInterface, InterfaceDevice } from '../../../src/domain/definition.ts';
import { parseInterface, writeInterface } from '../../../src/domain/elements/interface.ts';
import { parseXml } from '../../../src/xml/reader.ts';
import { XmlWriter } from '../../../src/xml/writer.ts';

const PORT = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';
const ASKED = `<mac address='52:54:00:00:00:01'/><source network='lan' portgroup='fast'/><bandwidth><outbound average='5'/></bandwidth>`;

const parse = (xml: string, live: boolean): InterfaceDevice =>
  parseInterface(parseXml(xml, 'test'), { live, randomMac: () => '52:54:00:00:00:09', randomUuid: () => PORT });

function print(device: InterfaceDevice, form: { live: boolean; status?: boolean }): string {
  const writer = new XmlWriter();
  writeInterface(writer, device, form);
  return writer.toString();
}

const BANDWIDTH = { inbound: { average: 1000, floor: 200 }, classId: 3 };
const VLAN = { name: 'vlan', attributes: [], children: [{ name: 'tag', attributes: [['id', '7']], children: [] }] };

describe.each<[string, ActualInterface, string, string]>([
  [
    'a bridge of the network',
    { type: 'network', source: 'virbr0', bandwidth: BANDWIDTH },
    `bridge='virbr0'`,
    `
  <bandwidth classID='3'>
    <inbound average='1000' floor='200'/>
  </bandwidth>`,
  ],
  [
    'a bridge of the host',
    { type: 'bridge', source: 'br0', macTableManager: 'libvirt', portIsolated: true },
    `bridge='br0' macTableManager='libvirt'`,
    `
  <port isolated='yes'/>`,
  ],
  ['a device of the host', { type: 'direct', source: 'eth1', sourceMode: 'private' }, `dev='eth1' mode='private'`, ''],
  [
    'a vlan',
    { type: 'network', source: 'virbr0', vlan: VLAN as never },
    `bridge='virbr0'`,
    `
  <vlan>
    <tag id='7'/>
  </vlan>`,
  ],
])('an interface that its network connected to %s', (_, actual, place, rest) => {
  const device = { ...parse(`<interface type='network'>${ASKED}</interface>`, false), portid: PORT, actual };

  it('shows that while the domain runs', () => {
    expect(print(device, { live: true })).toBe(`<interface type='${actual.type}'>
  <mac address='52:54:00:00:00:01'/>
  <source network='lan' portgroup='fast' portid='${PORT}' ${place}/>${rest}
</interface>
`);
  });

  it('shows what was asked for, otherwise', () => {
    expect(print(device, { live: false })).toBe(`<interface type='network'>
  <mac address='52:54:00:00:00:01'/>
  <source network='lan' portgroup='fast'/>
  <bandwidth>
    <outbound average='5'/>
  </bandwidth>
</interface>
`);
  });

  it('has both in a status document', () => {
    const text = print(device, { live: true, status: true });
    expect(text).toContain(`<source network='lan' portgroup='fast' portid='${PORT}'/>`);
    expect(text).toContain(`  <actual type='${actual.type}'>\n    <source ${place}/>\n`);
    expect(parse(text, true)).toEqual(device);
    expect(parse(text, false)).not.toHaveProperty('actual');
  });
});

describe('parseInterface()', () => {
  it('refuses a class outside a status document', () => {
    const xml = `<interface type='network'><source network='lan'/><bandwidth classID='3'><inbound average='1'/></bandwidth></interface>`;
    expect(() => parse(xml, false)).toThrow('classID attribute not supported on <bandwidth> in this usage context');
  });

  it('takes the live form of one on a bridge for an interface on that bridge', () => {
    const live = `<interface type='bridge'><source network='lan' portid='${PORT}' bridge='br0'/></interface>`;
    expect(parse(live, false)).toMatchObject({ type: 'bridge', source: 'br0' });
  });
});
