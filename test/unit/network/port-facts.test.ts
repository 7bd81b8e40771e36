import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNetworkPort, type NetworkPort, parseNetworkPort } from '../../../src/network/port.ts';
import { portFacts } from '../../../src/network/port-facts.ts';
import { name, text } from '../domain/any-text.ts';

const UUID = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';
const plug = fc.oneof(
  fc.record({ type: fc.constantFrom('network' as const, 'bridge' as const), bridge: text }),
  fc.record({ type: fc.constant('direct' as const), dev: text, mode: fc.constant('vepa' as const) }),
);
const port: fc.Arbitrary<NetworkPort> = fc
  .record({
    owner: name,
    group: fc.option(text, { nil: undefined }),
    mac: fc.constantFrom('52:54:00:00:00:01', '00:00:00:00:00:00'),
    plug: fc.option(plug, { nil: undefined }),
    classId: fc.option(fc.integer({ min: 3, max: 99 }), { nil: undefined }),
    floor: fc.nat(9999),
  })
  .map(({ owner, group, mac, plug: plugged, classId, floor }) => ({
    uuid: UUID,
    owner: { name: owner, uuid: UUID },
    ...(group !== undefined && { group }),
    mac,
    ...(classId !== undefined && { bandwidth: { classId, inbound: { average: 1, floor }, outbound: { average: 2 } } }),
    ...(plugged && { plug: plugged }),
  }));

describe('portFacts()', () => {
  it('finds what formatNetworkPort() wrote', () => {
    fc.assert(
      fc.property(port, (one) => {
        expect(portFacts(formatNetworkPort(one))).toEqual({
          owner: one.owner.name,
          mac: one.mac,
          bridge: one.plug?.type === 'network' ? one.plug.bridge : undefined,
          guaranteed: one.bandwidth && { id: one.bandwidth.classId, floor: one.bandwidth.inbound!.floor },
        });
      }),
    );
  });

  it.each([
    [`<bandwidth classID='3'><inbound average='9' floor='200' burst='1'/></bandwidth>`, { id: 3, floor: 200 }],
    [`<bandwidth classID='17'><outbound average='9'/><inbound floor='5'/></bandwidth>`, { id: 17, floor: 5 }],
    [`<bandwidth><inbound average='9'/></bandwidth>`, undefined],
    ['', undefined],
  ])('knows the class of a port with %s', (bandwidth, expected) => {
    const xml = `<networkport><uuid>${UUID}</uuid><owner><name>o</name><uuid>${UUID}</uuid></owner><mac address='52:54:00:00:00:01'/>${bandwidth}</networkport>`;
    expect(portFacts(formatNetworkPort(parseNetworkPort(xml))).guaranteed).toEqual(expected);
  });
});
