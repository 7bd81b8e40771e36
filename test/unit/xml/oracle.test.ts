// Every kind of document that we print, read by a reader that is not ours.
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatDevice, type ParsedDevice, parseDevice } from '../../../src/domain/device.ts';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { formatStatus } from '../../../src/domain/status.ts';
import { formatStored } from '../../../src/domain/stored.ts';
import { capabilitiesXml } from '../../../src/driver/node/capabilities.ts';
import { formatNetwork } from '../../../src/network/format.ts';
import { parseNetwork } from '../../../src/network/parse.ts';
import { formatNetworkPort } from '../../../src/network/port.ts';
import { formatNetworkStatus, formatStoredNetwork } from '../../../src/network/stored.ts';
import { selectXml } from '../../../src/virsh/commands/xpath.ts';
import { diskDocument, interfaceDocument } from '../../../src/virsh/device-document.ts';
import { diskElement, interfaceElementWithLink } from '../../../src/virsh/device-element.ts';
import { escapeXml } from '../../../src/xml/escape.ts';
import { parseXml } from '../../../src/xml/reader.ts';
import { serialize } from '../../../src/xml/serialize.ts';
import { XmlWriter } from '../../../src/xml/writer.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';
import { oracleTree, ourTree } from '../../helpers/xml-oracle.ts';
import { text as anyText } from '../domain/any-text.ts';
import { domainWith, testHost } from '../domain/test-host.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const fixture = (name: string): string => fs.readFileSync(path.join(ROOT, 'test/fixtures', name), 'utf8');
const UUID = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';

/** xmlbuilder2 takes what `&amp;#10;` stands for, `&#10;`, for a reference once more. */
const text = anyText.filter((value) => !/&[^;]*;/.test(value));

function expectSameTree(...documents: readonly string[]): void {
  for (const document of documents) expect(oracleTree(document)).toEqual(ourTree(document));
}

describe('another reader reads the same', () => {
  const domains = fs
    .readdirSync(path.join(ROOT, 'test/fixtures/domain-xml'))
    .filter((name) => !name.endsWith('.out.xml'))
    .map((name) => [name, parseDomain(fixture(`domain-xml/${name}`), testHost())] as const);

  it.each(domains)('in a domain: %s', (_, domain) => {
    const parts = { state: 'running', reason: 'booted', controllerPid: 7, controllerStartTime: '1', initPid: 8 } as const;
    expectSameTree(
      formatDomain(domain, { live: false }),
      formatDomain({ ...domain, id: 7 }, { live: true }),
      formatStored(domain),
      formatStatus({ ...parts, cgroup: 'machine/lxc-7-t.libvirt-lxc', extra: {}, domain: { ...domain, id: 7 }, config: domain }),
    );
  });

  it.each(domains)('in the devices of a domain: %s', (name) => {
    const elements = parseXml(fixture(`domain-xml/${name}`), 'x').children.flatMap((node) =>
      node.kind === 'element' && node.local === 'devices' ? node.children : [],
    );
    for (const node of elements) {
      if (node.kind !== 'element') continue;
      let device: ParsedDevice;
      try {
        device = parseDevice(serialize(node), testHost(), { live: false });
      } catch {
        continue; // what a domain has but nobody attaches
      }
      const document = formatDevice(device, { live: false });
      if (document !== '') expectSameTree(document);
    }
  });

  const networks = Object.entries(JSON.parse(fixture('network/documents.json')) as Record<string, { network?: string }>);
  it.each(networks.flatMap(([name, { network }]) => (network ? [[name, network] as const] : [])))('in a network: %s', (_, xml) => {
    const network = parseNetwork(xml, { randomUuid: () => UUID });
    expectSameTree(formatNetwork(network), formatStoredNetwork(network), formatNetworkStatus(network, { classes: [{ id: 3, floor: 9 }] }));
  });

  // unsupported.test.ts holds virsh/documents.ts to these.
  const recorded = (JSON.parse(fixture('print-xml.json')) as { line: string; output: string }[]).filter(({ output }) => output !== '');
  it.each(recorded.map(({ line, output }) => [line, output] as const))('in %s', (_, output) => {
    expectSameTree(output);
  });

  it('in what is made for a device or of one, whatever it is called', () => {
    fc.assert(
      fc.property(text, (any) => {
        const disk = diskDocument({ source: any, sourceIsBlock: false, target: 'sda', serial: any, alias: any });
        const bridge = interfaceDocument({ type: 'bridge', source: any, mac: '52:54:00:00:00:01', model: any, inbound: '1,2,3' });
        const domain = domainWith({
          devices: `<disk type='block'><source dev='/d'/><target dev='sda'/><serial>${escapeXml(any)}</serial></disk>${bridge}`,
        });
        expectSameTree(disk, bridge, diskElement(domain, 'sda'), interfaceElementWithLink(domain, '52:54:00:00:00:01', 'down'));
      }),
    );
  });

  it('in a port and in the data of a hook, whatever their texts', () => {
    fc.assert(
      fc.property(text, text, (any, other) => {
        const writer = new XmlWriter();
        writer.block('hookData', [['a', any]], () => {
          writer.text('b', other, [['c', any]]);
          writer.blank();
          writer.optionalBlock('d', [], () => undefined);
        });
        const plug = { type: 'network', bridge: other } as const;
        const owner = { name: any, uuid: UUID };
        expectSameTree(writer.toString(), formatNetworkPort({ uuid: UUID, owner, mac: '52:54:00:00:00:01', plug }));
      }),
    );
  });

  it("in applications' elements, kept and selected", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, fc.boolean(), async (any, other, mixed) => {
        const inside = `<k:a xmlns:k='urn:k' k:b='${escapeXml(any)}' c='${escapeXml(other)}'>${mixed ? escapeXml(any) : '\n'}<d/><![CDATA[x<]]><k:e/></k:a>`;
        const xml = domainWith({ top: `<metadata xmlns:x='urn:x' x:y='1'>${inside}<x:z/></metadata>` });
        const document = formatDomain(parseDomain(xml, testHost()), { live: false });
        expectSameTree(document, formatStored(parseDomain(document, testHost())), await selectXml(document, '//*[@c]', { wrap: true }));
        const kept = ourTree(document).children.find((child) => typeof child === 'object' && child.name === 'metadata');
        const [a] = (kept as ReturnType<typeof ourTree>).children.filter((child) => typeof child === 'object');
        expect(a).toEqual(oracleTree(inside.replace('>\n', '>')));
      }),
      { numRuns: 50 },
    );
  });

  it('in the capabilities of this host', async () => {
    expectSameTree(await capabilitiesXml({} as never));
  });
});

describe('the default network', () => {
  let store: TempStore;
  beforeEach(() => {
    store = tempStore();
  });
  afterEach(() => store.remove());

  it('is read alike, too', async () => {
    const { defineDefaultNetwork } = await import('../../../src/bridge/default-network.ts');
    const { readNetworkDefinition } = await import('../../../src/store/networks.ts');
    defineDefaultNetwork();
    expectSameTree(readNetworkDefinition('default')!);
  });
});
