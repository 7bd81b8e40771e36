// From the model to network XML.

import { writeBandwidth } from '../domain/elements/bandwidth.ts';
import { writeRoutes } from '../domain/elements/ip.ts';
import { writeMetadata } from '../domain/elements/metadata.ts';
import { writeEchoed } from '../xml/echoed.ts';
import { XmlWriter } from '../xml/writer.ts';
import { hasOwnBridge, type NetworkDefinition } from './definition.ts';
import { writeDns } from './elements/dns.ts';
import { type Connections, writeForward } from './elements/forward.ts';
import { writeIps } from './elements/ip.ts';
import { writePortGroup } from './elements/port-group.ts';
import { DNSMASQ_NAMESPACE } from './parse.ts';

/** Of a live network: how many ports there are, and how many on each device. */
export interface NetworkUse {
  connections: number;
  devices: Connections;
}

const UNUSED: NetworkUse = { connections: 0, devices: new Map() };

/** `use` is shown; without it the text is that of an inactive network. */
export function formatNetwork(definition: NetworkDefinition, use: NetworkUse = UNUSED): string {
  const writer = new XmlWriter();
  writeNetwork(writer, definition, use);
  return writer.toString();
}

export function writeNetwork(writer: XmlWriter, definition: NetworkDefinition, use: NetworkUse = UNUSED): void {
  const { bridge, dnsmasqOptions } = definition;
  writer.openBlock(
    'network',
    [
      ['xmlns:dnsmasq', dnsmasqOptions.length > 0 ? DNSMASQ_NAMESPACE : undefined],
      ['connections', use.connections || undefined],
      ['ipv6', definition.ipv6 ? 'yes' : undefined],
      ['trustGuestRxFilters', definition.trustGuestRxFilters],
    ],
    () => {
      writer.text('name', definition.name);
      writer.text('uuid', definition.uuid);
      writer.text('title', definition.title);
      writer.text('description', definition.description);
      writeMetadata(writer, definition);
      writeForward(writer, definition.forward, use.devices);
      const own = hasOwnBridge(definition);
      if (own || bridge.name !== undefined || bridge.macTableManager) {
        writer.empty('bridge', [
          ['name', bridge.name],
          ['zone', bridge.zone],
          ['stp', own ? (bridge.stp ? 'on' : 'off') : undefined],
          ['delay', own ? bridge.delaySeconds : undefined],
          ['macTableManager', bridge.macTableManager],
        ]);
      }
      if (definition.mtu) writer.empty('mtu', [['size', definition.mtu]]);
      if (definition.mac !== undefined) writer.empty('mac', [['address', definition.mac]]);
      if (definition.domain)
        writer.empty('domain', [
          ['name', definition.domain.name],
          ['localOnly', definition.domain.localOnly],
        ]);
      writeDns(writer, definition.dns);
      if (definition.vlan) writeEchoed(writer, definition.vlan);
      writeBandwidth(writer, definition.bandwidth);
      if (definition.portIsolated) writer.empty('port', [['isolated', definition.portIsolated]]);
      writeIps(writer, definition.ips);
      writeRoutes(writer, definition.routes);
      if (definition.virtualport) writeEchoed(writer, definition.virtualport);
      for (const group of definition.portGroups) writePortGroup(writer, group);
      if (dnsmasqOptions.length > 0) {
        writer.block('dnsmasq:options', [], () => {
          for (const value of dnsmasqOptions) writer.empty('dnsmasq:option', [['value', value]]);
        });
      }
    },
  );
}
