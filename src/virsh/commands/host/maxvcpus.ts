import { defineReading } from '../../command.ts';

export const maxvcpus = defineReading({
  name: 'maxvcpus',
  group: 'host',
  store: false,
  summary: 'the most processors a domain can use',
  description: 'Prints how many processors this host has. libvirt has this for virtual machines only.',
  options: [{ name: 'type', type: 'string', completes: ['lxc'], help: 'taken for compatibility, without effect' }],
  async read(context) {
    const { maxVcpus } = await import('../../../driver/domain/vcpus.ts');
    return maxVcpus(context.connection);
  },
  text: (count) => `${count}\n`,
  json: (count) => ({ max_cpus: count }),
});
