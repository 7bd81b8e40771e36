import { defineCommand } from '../../command.ts';
import { readDescription } from '../files.ts';

export const domxmlFromNative = defineCommand({
  name: 'domxml-from-native',
  group: 'domain',
  store: false,
  summary: 'a configuration of the lxc tools as domain XML',
  description:
    'Prints the domain that a configuration file of the lxc tools (lxc.container.conf(5)) describes; the format is called ' +
    'lxc-tools. Keys without a counterpart are left out. As in libvirt the numbers of lxc.idmap are read as host, container, count: ' +
    'of files that the lxc tools wrote the first two have to be exchanged.',
  options: [
    { name: 'format', type: 'string', required: true, completes: ['lxc-tools'], help: 'lxc-tools' },
    { name: 'config', type: 'string', required: true, completes: 'file', help: 'file with the configuration' },
  ],
  async run(context, args) {
    const text = readDescription(args.config);
    const { domainXmlFromNative } = await import('../../../driver/domain/native-conf.ts');
    context.print(domainXmlFromNative(context.connection, args.format, text));
  },
});
