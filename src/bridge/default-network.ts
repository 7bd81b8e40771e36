// The network `default`, which a store has from its first use on, as libvirt's packages bring it: NAT, DHCP, 192.168.122.0/24.

import { parseHost } from '../host/parse-host.ts';
import { ipv4Routes } from '../host/routes.ts';
import { sameBytes } from '../network/addresses.ts';
import { parseNetwork } from '../network/parse.ts';
import { lockNetwork, lockNetworkStore } from '../store/lock.ts';
import { saveNetwork } from '../store/network-documents.ts';
import { networksAreSetUp } from '../store/networks.ts';
import { type Attributes, XmlWriter } from '../xml/writer.ts';
import { completeNetwork } from './complete.ts';

const FIRST_SUBNET = 122;
const LAST_SUBNET = 254;

/** Defines it, unless another command has done so meanwhile. It is neither started nor marked for that. */
export function defineDefaultNetwork(): void {
  using _lock = lockNetwork('default');
  using _store = lockNetworkStore();
  if (networksAreSetUp()) return;
  const definition = parseNetwork(defaultXml(freeSubnet()), parseHost);
  completeNetwork(definition);
  saveNetwork(definition);
}

function defaultXml(subnet: number): string {
  const network = `192.168.${subnet}`;
  const writer = new XmlWriter();
  writer.block('network', [], () => {
    writer.text('name', 'default');
    writer.empty('forward', [['mode', 'nat']]);
    const address: Attributes = [
      ['address', `${network}.1`],
      ['netmask', '255.255.255.0'],
    ];
    const range: Attributes = [
      ['start', `${network}.2`],
      ['end', `${network}.254`],
    ];
    writer.block('ip', address, () => writer.block('dhcp', [], () => writer.empty('range', range)));
  });
  return writer.toString();
}

/** The third byte of a network 192.168.N.0/24 to which the host has no route yet (a default route aside). */
function freeSubnet(): number {
  const routes = ipv4Routes().filter(({ netmask }) => netmask.some((byte) => byte !== 0));
  for (let subnet = FIRST_SUBNET; subnet <= LAST_SUBNET; subnet++) {
    const address = [192, 168, subnet, 0];
    const overlaps = routes.some(({ destination, netmask }) => {
      const wider = netmask.map((byte, i) => byte & [255, 255, 255, 0][i]!);
      const within = (bytes: readonly number[]) => bytes.map((byte, i) => byte & wider[i]!);
      return sameBytes(within(destination), within(address));
    });
    if (!overlaps) return subnet;
  }
  return FIRST_SUBNET; // the start will say who has it
}
