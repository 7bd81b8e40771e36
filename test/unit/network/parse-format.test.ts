// Documents, each with what libvirt makes of it: the normalised text or the complaint.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasOwnBridge } from '../../../src/network/definition.ts';
import { formatNetwork } from '../../../src/network/format.ts';
import { type NetworkReading, parseNetwork } from '../../../src/network/parse.ts';
import { formatNetworkStatus, formatStoredNetwork, parseNetworkStatus } from '../../../src/network/stored.ts';
import { validateNetwork } from '../../../src/network/validate.ts';

interface Document {
  xml: string;
  network?: string;
  error?: string;
}

const file = path.resolve(import.meta.dirname, '../../fixtures/network/documents.json');
const documents = Object.entries(JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, Document>);
const host = { randomUuid: () => '3b0e2b3c-54e6-4d6f-8a4b-2222222222aa' };

function define(xml: string, reading: NetworkReading = { asLibvirt: true }) {
  const network = parseNetwork(xml, host, reading);
  validateNetwork(network, { isVirtualFunction: () => true });
  return network;
}

describe('parseNetwork() and formatNetwork()', () => {
  it.each(documents.filter(([, { network }]) => network))('normalise %s', (_, { xml, network }) => {
    const definition = define(xml);
    // The store gives a new bridge its address.
    if (hasOwnBridge(definition)) definition.mac ??= '52:54:00:11:22:33';
    expect(formatNetwork(definition)).toBe(network);
    expect(formatNetwork(define(network!))).toBe(network);
    expect(formatNetwork(parseNetworkStatus(formatNetworkStatus(definition), host))).toBe(network);
  });

  it.each(documents.filter(([, { error }]) => error))('refuse %s', (_, { xml, error }) => {
    expect(() => define(xml)).toThrow();
    try {
      define(xml);
    } catch (thrown) {
      // Below a line with the place the parser of XML points at it, which depends on what it kept of the text.
      expect((thrown as Error).message.split('\n')[0]).toBe(error!.split('\n')[0]);
    }
  });

  it('show how much of a network is used', () => {
    const network = define(
      `<network><name>n</name><forward mode='bridge'><interface dev='eth0'/><interface dev='eth1'/></forward></network>`,
    );
    const text = formatNetwork(network, { connections: 2, devices: new Map([['eth1', 2]]) });
    expect(text).toMatch(/^<network connections='2'>/);
    expect(text).toContain("<interface dev='eth0'/>\n    <interface dev='eth1' connections='2'/>");
  });
});

describe('formatStoredNetwork()', () => {
  it('tells how to edit it', () => {
    expect(formatStoredNetwork(define('<network><name>n</name></network>'))).toMatch(
      /^<!--\nWARNING[\s\S]* {2}virsh net-edit n\n[\s\S]*-->\n\n<network>/,
    );
  });
});

describe('<forwarder>', () => {
  const withForwarder = (attributes: string) => `<network><name>n</name><dns><forwarder ${attributes}/></dns></network>`;
  it('has a port', () => {
    const { dns } = define(withForwarder("port='5353' addr='9.9.9.9'"), {});
    expect(dns.forwarders).toEqual([{ address: '9.9.9.9', port: 5353 }]);
    expect(formatNetwork(define(withForwarder("addr='9.9.9.9' port='5353'"), {}))).toContain("<forwarder addr='9.9.9.9' port='5353'/>");
  });
  it.each([
    ["addr='9.9.9.9' port='0'", "XML error: Invalid forwarder port '0' in network 'n'"],
    ["addr='9.9.9.9' port='65536'", "XML error: Invalid forwarder port '65536' in network 'n'"],
    ["addr='9.9.9.9' port=''", "XML error: Invalid forwarder port '' in network 'n'"],
    ["domain='x' port='53'", "XML error: Invalid forwarder element in network 'n', port needs addr"],
  ])('refuses %s', (attributes, message) => {
    expect(() => define(withForwarder(attributes), {})).toThrow(message);
    define(withForwarder(attributes)); // which libvirt does not look at
  });
});
