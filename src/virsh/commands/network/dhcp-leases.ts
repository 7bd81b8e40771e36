import type { Lease } from '../../../driver/network/leases.ts';
import { withContext } from '../../../errors.ts';
import { formatTable } from '../../../vsh/table.ts';
import { defineReading } from '../../command.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

export const netDhcpLeases = defineReading({
  name: 'net-dhcp-leases',
  group: 'network',
  summary: 'the addresses that a network has leased',
  description: 'Lists the DHCP leases of a network that are not over, or only those of one MAC address.',
  options: [networkOption(), { name: 'mac', type: 'string', completes: 'lease-mac', help: 'only the leases of this MAC address' }],
  async read(context, args) {
    const { mac } = args;
    const network = await findNetworkOperand(context, args);
    const leases = await withContext(`Failed to get leases info for ${network.name}`, async () => {
      const { networkLeases } = await import('../../../driver/network/leases.ts');
      return networkLeases(context.connection, network, mac);
    });
    return leases.sort((one, other) => (one.mac < other.mac ? -1 : one.mac > other.mac ? 1 : 0));
  },
  text(leases, _args, { settings }) {
    const header = ['Expiry Time', 'MAC address', 'Protocol', 'IP address', 'Hostname', 'Client ID or DUID'];
    return formatTable(settings.quiet ? undefined : header, leases.map(row));
  },
  json: (leases) =>
    leases.map(({ expiryS, mac, family, address, prefix, hostname, clientId, iaid }) => ({
      expiry_time: expiryS === 0 ? null : new Date(expiryS * 1000).toISOString(),
      mac,
      protocol: family,
      address,
      prefix,
      hostname,
      client_id: clientId ?? iaid,
    })),
});

function row({ expiryS, mac, family, address, prefix, hostname, clientId, iaid }: Lease): string[] {
  return [localTime(expiryS), mac, family, `${address}/${prefix}`, hostname ?? '-', clientId ?? iaid ?? '-'];
}

/** `2026-01-31 12:00:00`, in the local time zone. */
function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
