import { defineCommand, domainOption } from '../../cli/command.ts';
import { findDomain } from '../lookup.ts';

export const lxcEnterNamespace = defineCommand({
  name: 'lxc-enter-namespace',
  group: 'domain',
  summary: 'run a command inside a running domain',
  description:
    'Runs CMD with its arguments in the namespaces and the cgroup of the container, as its root, with the capabilities that it keeps. ' +
    'CMD is a path inside the container; there is no search in PATH and no shell. ' +
    "Put -- before CMD so that its options are not taken for this command's.",
  options: [
    domainOption(),
    { name: 'noseclabel', type: 'bool', help: "keep this process's security label" },
    { name: 'cmd', type: 'argv', required: true, help: 'the command and its arguments' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    context.flush();
    const { enterNamespace } = await import('../../driver/domain-namespace.ts');
    await enterNamespace(context.connection, domain, [...args.cmd], { noSeclabel: args.noseclabel });
  },
});
