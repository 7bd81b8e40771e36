import { activeDomainOption, defineCommand } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { relayCommand } from './command-relay.ts';

export const lxcEnterNamespace = defineCommand({
  name: 'lxc-enter-namespace',
  group: 'domain',
  summary: 'run a command inside a running domain',
  description:
    'Runs CMD with its arguments in the namespaces and the cgroup of the container, as its root, with the capabilities that it keeps. ' +
    'CMD is a path inside the container. On a terminal, and with --status, a name without a slash is looked for in its PATH; ' +
    'there is no shell. ' +
    "Put -- before CMD so that its options are not taken for this command's.",
  options: [
    activeDomainOption(),
    { name: 'noseclabel', type: 'bool', help: "keep this process's security label" },
    { name: 'status', type: 'bool', help: "exit with the command's own status" },
    { name: 'cmd', type: 'argv', required: true, help: 'the command and its arguments' },
  ],
  async run(context, args) {
    const domain = await findDomain(context, args);
    context.flush();
    const { checkEnd, enterNamespace, exitStatusOf } = await import('../../../driver/domain/namespace.ts');
    const flags = { noSeclabel: args.noseclabel, searchesPath: args.status };
    const end = await enterNamespace(context.connection, domain, [...args.cmd], flags, relayCommand);
    if (end.isMissing) context.onWarning(`no such file in the container: ${args.cmd[0]}`);
    if (args.status) context.exitWith(exitStatusOf(end));
    else checkEnd(end);
  },
});
