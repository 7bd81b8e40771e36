import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FORWARD_MODES, hasOwnBridge } from '../../../src/network/definition.ts';
import { formatNetwork } from '../../../src/network/format.ts';
import { parseNetwork } from '../../../src/network/parse.ts';
import { formatNetworkStatus, formatStoredNetwork } from '../../../src/network/stored.ts';
import { escapeXml } from '../../../src/xml/escape.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';
import { name, text } from '../domain/any-text.ts';

const UUID = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';
let store: TempStore;
let networks: typeof import('../../../src/store/networks.ts');
beforeEach(async () => {
  store = tempStore();
  networks = await import('../../../src/store/networks.ts');
});
afterEach(() => store.remove());

const network = fc
  .record({ called: name, bridge: fc.option(text, { nil: undefined }), mode: fc.constantFrom(...FORWARD_MODES), inside: text })
  .map(({ called, bridge, mode, inside }) => {
    const metadata = `<metadata><m xmlns='urn:m'><![CDATA[\n  <bridge name='no'/>\n<forward mode='vepa'/>]]>${escapeXml(inside)}</m></metadata>`;
    const xml = `<network><name>${escapeXml(called)}</name>${metadata}</network>`;
    const definition = parseNetwork(xml, { randomUuid: () => UUID });
    definition.forward.mode = mode;
    if (bridge !== undefined) definition.bridge.name = bridge;
    return definition;
  });

describe('networkFacts()', () => {
  it('finds what was written, whatever the network is called and holds', () => {
    fc.assert(
      fc.property(network, fc.boolean(), (definition, starting) => {
        const expected = { uuid: UUID, bridge: definition.bridge.name, ownsBridge: hasOwnBridge(definition) };
        expect(networks.networkFacts(formatNetworkStatus(definition, { starting }))).toEqual({ ...expected, starting, whole: true });
        expect(networks.networkFacts(formatStoredNetwork(definition))).toEqual({ ...expected, starting: false, whole: false });
        networks.writeNetworkDefinition('n', formatStoredNetwork(definition));
        expect(networks.readNetworkDefinition('n')).toBe(formatNetwork(definition));
      }),
      { numRuns: 60 },
    );
  });

  it('of a status of libvirt, which ends its files with a line end, are the same', () => {
    const status = `<networkstatus>\n  <class_id bitmap='0-2'/>\n  <floor sum='0'/>\n  <network>\n    <name>n</name>\n    <uuid>${UUID}</uuid>\n    <bridge name='virbr0'/>\n  </network>\n</networkstatus>\n`;
    expect(networks.networkFacts(status)).toEqual({ uuid: UUID, bridge: 'virbr0', ownsBridge: true, starting: false, whole: true });
  });

  it('of what was cut off are what stands there whole', () => {
    fc.assert(
      fc.property(network, fc.nat(), (definition, at) => {
        const whole = formatNetworkStatus(definition);
        const facts = networks.networkFacts(whole.slice(0, at % whole.length));
        expect(facts.whole).toBe(false);
        expect(['', UUID]).toContain(facts.uuid);
        expect([undefined, definition.bridge.name]).toContain(facts.bridge);
      }),
    );
  });
});

it('the files of a bridge lie in their folder, whatever a definition calls it', () => {
  const folder = store.at('var/lib/libvirt/dnsmasq');
  expect([networks.leasesFile('virbr0'), networks.macsFile('virbr0')]).toEqual([`${folder}/virbr0.status`, `${folder}/virbr0.macs`]);
  for (const name of ['../../../../etc/x', 'a/b', '/'])
    for (const file of [networks.leasesFile(name), networks.macsFile(name)]) expect(path.dirname(file)).toBe(folder);
});
