// One property of a domain, given another, and the command that changes the name.

import { defineCommand, defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

export const domid = defineReading({
  name: 'domid',
  group: 'domain',
  summary: 'the id of a domain',
  description: "Prints the id of a running domain, which is its controller's process id, or - if it does not run.",
  options: [domainOption({ help: 'domain name or uuid' })],
  async read(context, args) {
    const domain = await findDomain(context, args, ['name', 'uuid']);
    const { domainId } = await import('../../../driver/domain/lookup.ts');
    return { id: domainId(context.connection, domain) };
  },
  text: ({ id }) => `${id ?? '-'}\n`,
  json: ({ id }) => ({ id }),
});

export const domname = defineReading({
  name: 'domname',
  group: 'domain',
  summary: 'the name of a domain',
  description: 'Prints the name of the domain that has this id or uuid.',
  options: [domainOption({ help: 'domain id or uuid' })],
  read: (context, args) => findDomain(context, args, ['id', 'uuid']),
  text: ({ name }) => `${name}\n`,
  json: ({ name }) => ({ name }),
});

export const domuuid = defineReading({
  name: 'domuuid',
  group: 'domain',
  summary: 'the uuid of a domain',
  description: 'Prints the uuid of the domain that has this name or id.',
  options: [domainOption({ help: 'domain name or id' })],
  read: (context, args) => findDomain(context, args, ['name', 'id']),
  text: ({ uuid }) => `${uuid}\n`,
  json: ({ uuid }) => ({ uuid }),
});

export const domrename = defineCommand({
  name: 'domrename',
  group: 'domain',
  summary: 'give a domain another name',
  description: 'Renames a stored domain that does not run. Its uuid, its autostart mark and its definition stay.',
  options: [
    domainOption({ completes: 'inactive-domain' }),
    { name: 'new-name', type: 'string', required: true, help: 'the name it shall have' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const newName = args['new-name'];
    const { renameDomain } = await import('../../../driver/domain/define.ts');
    await renameDomain(context.connection, domain, newName);
    context.extra('Domain successfully renamed\n');
  },
});
