import { withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';
import { LIBVIRT_VERSION, PROGRAM_VERSION } from '../../version.ts';

export const version = defineCommand({
  name: 'version',
  group: 'host',
  store: false,
  summary: 'versions of what is at work',
  description:
    'Prints the version of libvirt whose interface this program has, and the version of the kernel, which is the hypervisor. ' +
    "On a terminal it tells the program's own version, too; -V tells that anywhere.",
  options: [{ name: 'daemon', type: 'bool', help: 'also the version of the daemon, which here is this program' }],
  async run(context, args) {
    const { hypervisorVersion } = await import('../../../driver/node/host.ts');
    const kernel = await withContext('failed to get the hypervisor version', () => hypervisorVersion(context.connection));
    context.print(`Compiled against library: libvirt ${LIBVIRT_VERSION}\n`);
    context.print(`Using library: libvirt ${LIBVIRT_VERSION}\n`);
    context.print(`Using API: LXC ${LIBVIRT_VERSION}\n`);
    context.print(`Running hypervisor: LXC ${kernel}\n`);
    context.onNotice(`This is virsh-lxc ${PROGRAM_VERSION}`);
    if (args.daemon) context.print(`Running against daemon: ${LIBVIRT_VERSION}\n`);
  },
});
