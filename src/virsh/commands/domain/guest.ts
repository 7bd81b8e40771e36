// What the inside of a container is like.

import type { GuestInfoKind } from '../../../driver/domain/guest.ts';
import { withContext } from '../../../errors.ts';
import { formatTable } from '../../../vsh/table.ts';
import { activeDomainOption, defineReading } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const KINDS: readonly GuestInfoKind[] = ['user', 'os', 'timezone', 'hostname', 'filesystem', 'disk', 'interface'];

export const guestinfo = defineReading({
  name: 'guestinfo',
  group: 'domain',
  summary: 'what the inside of a domain is like',
  description:
    'Prints what a running container says of itself: who is logged in, its distribution, time zone, host name, file systems, disks ' +
    'and network interfaces. Without an option that names some of that it prints all of it.',
  options: [
    activeDomainOption(),
    { name: 'user', type: 'bool', help: 'who is logged in' },
    { name: 'os', type: 'bool', help: 'the distribution, and the kernel' },
    { name: 'timezone', type: 'bool', help: 'the time zone' },
    { name: 'hostname', type: 'bool', help: 'the host name' },
    { name: 'filesystem', type: 'bool', help: 'mounted file systems' },
    { name: 'disk', type: 'bool', help: 'disks' },
    { name: 'interface', type: 'bool', help: 'network interfaces and their addresses' },
  ],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { guestInfo } = await import('../../../driver/domain/guest.ts');
    return guestInfo(
      context.connection,
      domain,
      KINDS.filter((kind) => args[kind]),
    );
  },
  // What a container says of itself stays on its line.
  text: (facts) => facts.map(([key, value]) => `${key.padEnd(20)}: ${String(value).replace(/[\0-\x1f\x7f]/g, '?')}\n`).join(''),
  json: (facts) => Object.fromEntries(facts),
});

export const domfsinfo = defineReading({
  name: 'domfsinfo',
  group: 'domain',
  summary: 'the file systems that are mounted in a domain',
  description: 'Lists the file systems that are mounted in a running container: where, of what device and type, and on which of its disks.',
  options: [activeDomainOption()],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { guestFilesystems } = await import('../../../driver/domain/guest.ts');
    return await withContext('Unable to get filesystem information', () => guestFilesystems(context.connection, domain));
  },
  text(filesystems, _args, { settings }) {
    const rows = filesystems.map(({ mountpoint, name, type, targets }) => [mountpoint, name, type, targets.join(',')]);
    return formatTable(settings.quiet ? undefined : ['Mountpoint', 'Name', 'Type', 'Target'], rows);
  },
  json: (filesystems) => filesystems.map(({ mountpoint, name, type, targets }) => ({ mountpoint, name, type, targets })),
});
