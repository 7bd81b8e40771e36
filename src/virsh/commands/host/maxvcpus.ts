import { defineCommand } from '../../command.ts';

export const maxvcpus = defineCommand({
  name: 'maxvcpus',
  group: 'host',
  store: false,
  summary: 'the most processors a domain can use',
  description: 'Prints how many processors this host has. libvirt has this for virtual machines only.',
  options: [{ name: 'type', type: 'string', completes: ['lxc'], help: 'taken for compatibility, without effect' }],
  async run(context) {
    const { maxVcpus } = await import('../../../driver/domain/vcpus.ts');
    context.print(`${await maxVcpus(context.connection)}\n`);
  },
});
