import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORWARD_MODES, hasOwnBridge } from '../../../src/network/definition.ts';
import { networkBody, networkFacts, portFacts, withClasses } from '../../../src/network/facts.ts';
import { formatNetwork } from '../../../src/network/format.ts';
import { parseNetwork } from '../../../src/network/parse.ts';
import { formatNetworkPort, type NetworkPort, parseNetworkPort } from '../../../src/network/port.ts';
import { formatNetworkStatus, formatStoredNetwork, parseNetworkStatus } from '../../../src/network/stored.ts';
import { escapeXml } from '../../../src/xml/escape.ts';
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

const network = fc
  .record({
    called: name,
    bridge: fc.option(text, { nil: undefined }),
    mode: fc.constantFrom(...FORWARD_MODES),
    inside: text,
    title: fc.option(name, { nil: undefined }),
  })
  .map(({ called, bridge, mode, inside, title }) => {
    const metadata = `<metadata><m xmlns='urn:m'><![CDATA[\n  <bridge name='no'/>\n<forward mode='vepa'/>]]>${escapeXml(inside)}</m></metadata>`;
    const xml = `<network><name>${escapeXml(called)}</name>${metadata}</network>`;
    const definition = parseNetwork(xml, { randomUuid: () => UUID });
    definition.forward.mode = mode;
    if (bridge !== undefined) definition.bridge.name = bridge;
    if (title !== undefined) Object.assign(definition, { title, description: inside });
    return definition;
  });

describe('networkFacts()', () => {
  it('finds what was written, whatever the network is called and holds', () => {
    fc.assert(
      fc.property(network, fc.boolean(), (definition, starting) => {
        const expected = { uuid: UUID, title: definition.title, bridge: definition.bridge.name, ownsBridge: hasOwnBridge(definition) };
        expect(networkFacts(formatNetworkStatus(definition, { starting }))).toEqual({ ...expected, starting, whole: true });
        expect(networkFacts(formatStoredNetwork(definition))).toEqual({ ...expected, starting: false, whole: false });
        expect(networkBody(formatStoredNetwork(definition))).toBe(formatNetwork(definition));
      }),
      { numRuns: 60 },
    );
  });

  it('of a status of libvirt, which ends its files with a line end, are the same', () => {
    const status = `<networkstatus>\n  <class_id bitmap='0-2'/>\n  <floor sum='0'/>\n  <network>\n    <name>n</name>\n    <uuid>${UUID}</uuid>\n    <bridge name='virbr0'/>\n  </network>\n</networkstatus>\n`;
    expect(networkFacts(status)).toEqual({
      uuid: UUID,
      title: undefined,
      bridge: 'virbr0',
      ownsBridge: true,
      starting: false,
      whole: true,
    });
  });

  it('of what was cut off are what stands there whole', () => {
    fc.assert(
      fc.property(network, fc.nat(), (definition, at) => {
        const whole = formatNetworkStatus(definition);
        const facts = networkFacts(whole.slice(0, at % whole.length));
        expect(facts.whole).toBe(false);
        expect(['', UUID]).toContain(facts.uuid);
        expect([undefined, definition.bridge.name]).toContain(facts.bridge);
      }),
    );
  });
});

describe('withClasses()', () => {
  const network = parseNetwork(`<network><name>n</name><uuid>${UUID}</uuid></network>`, { randomUuid: () => UUID });
  const status = formatNetworkStatus(network);

  it('says which classes ports have, and what is guaranteed to them together', () => {
    const text = withClasses(status, [
      { id: 5, floor: 20 },
      { id: 3, floor: 100 },
    ]);
    expect(text).toContain(`<networkstatus>\n  <class_id bitmap='0-3,5'/>\n  <floor sum='120'/>\n  <network>`);
    expect(parseNetworkStatus(text, { randomUuid: () => UUID })).toEqual(network);
    expect(withClasses(text, [])).toBe(status);
    expect(status).toContain(`<class_id bitmap='0-2'/>\n  <floor sum='0'/>`);
  });

  it('writes what the formatter would, whatever the network is called and holds', () => {
    const taken = fc.uniqueArray(fc.record({ id: fc.integer({ min: 3, max: 500 }), floor: fc.nat(10_000) }), { selector: ({ id }) => id });
    fc.assert(
      fc.property(name, text, taken, fc.boolean(), (called, value, classes, starting) => {
        const metadata = `<metadata><m xmlns='urn:m'><![CDATA[\n  <floor sum='9'/>\n]]>${escapeXml(value)}</m></metadata>`;
        const xml = `<network><name>${escapeXml(called)}</name>${metadata}<bridge name='${escapeXml(value)}'/></network>`;
        const definition = parseNetwork(xml, { randomUuid: () => UUID });
        const noted = withClasses(formatNetworkStatus(definition, { starting }), classes);
        expect(noted).toBe(formatNetworkStatus(definition, { starting, classes }));
      }),
    );
  });
});
