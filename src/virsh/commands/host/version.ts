import { withContext } from '../../../errors.ts';
import { defineReading } from '../../command.ts';
import { LIBVIRT_VERSION, PROGRAM_VERSION } from '../../version.ts';

export const version = defineReading({
  name: 'version',
  group: 'host',
  store: false,
  summary: 'versions of what is at work',
  description:
    'Prints the version of libvirt whose interface this program has, and the version of the kernel, which is the hypervisor. ' +
    "On a terminal it tells the program's own version, too; -V tells that anywhere.",
  options: [{ name: 'daemon', type: 'bool', help: 'also the version of the daemon, which here is this program' }],
  async read(context) {
    const { hypervisorVersion } = await import('../../../driver/node/host.ts');
    return await withContext('failed to get the hypervisor version', () => hypervisorVersion(context.connection));
  },
  text(kernel, args, context) {
    context.onNotice(`This is virsh-lxc ${PROGRAM_VERSION}`);
    const lines = [
      `Compiled against library: libvirt ${LIBVIRT_VERSION}`,
      `Using library: libvirt ${LIBVIRT_VERSION}`,
      `Using API: LXC ${LIBVIRT_VERSION}`,
      `Running hypervisor: LXC ${kernel}`,
      ...(args.daemon ? [`Running against daemon: ${LIBVIRT_VERSION}`] : []),
    ];
    return lines.map((line) => `${line}\n`).join('');
  },
  json: (kernel) => ({
    compiled_against: LIBVIRT_VERSION,
    library: LIBVIRT_VERSION,
    api: LIBVIRT_VERSION,
    hypervisor: kernel,
    daemon: LIBVIRT_VERSION,
    program: PROGRAM_VERSION,
  }),
});
