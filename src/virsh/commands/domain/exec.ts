import process from 'node:process';
import { activeDomainOption, defineCommand, excludes, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { attendCommand } from './command-relay.ts';

/** What docker and its kin exit with where it is they that failed, and not the command. */
const OWN_FAILURE = 125;

export const exec = defineCommand({
  name: 'exec',
  group: 'domain',
  summary: 'run a command inside a running domain, as in a shell',
  description:
    'Runs CMD with its arguments in the container and exits with its status; 128 and the signal for one that a signal ended, ' +
    '127 where there is no such command, 126 where it cannot be executed, 125 where exec itself fails. ' +
    'CMD is looked for in the PATH of the container. What follows it is its own, options too. ' +
    'On a terminal the command has one of the container, elsewhere the standard files of this process.',
  isVerbatim: true,
  options: [
    activeDomainOption(),
    { name: 'user', type: 'string', namedOnly: true, help: 'USER[:GROUP], names or numbers of the container; by default root' },
    { name: 'cwd', type: 'string', namedOnly: true, help: 'directory of the container to start in; by default /' },
    { name: 'env', type: 'argv', namedOnly: true, help: 'NAME=VALUE, or NAME with the value that it has here; may be repeated' },
    { name: 'tty', type: 'bool', help: 'with a terminal of the container, wherever this runs' },
    { name: 'no-tty', type: 'bool', help: 'without one: standard files that are terminals become pipes' },
    { name: 'cmd', type: 'argv', required: true, takesRest: true, help: 'the command and its arguments' },
  ],
  rules: [excludes('tty', 'no-tty')],
  async run(context, args) {
    context.exitWith(OWN_FAILURE);
    const domain = await findDomain(context, args);
    const { user, cwd } = args;
    const env = (args.env ?? []).flatMap(variable);
    if (cwd !== undefined && !cwd.startsWith('/')) throw failure(`directory '${cwd}' is not an absolute path`);
    context.flush();
    const { enterNamespace, exitStatusOf } = await import('../../../driver/domain/namespace.ts');
    const end = await enterNamespace(
      context.connection,
      domain,
      [...args.cmd],
      { searchesPath: true, terminal: args.tty ? 'always' : args['no-tty'] ? 'never' : 'instead', command: { user, cwd, env } },
      attendCommand,
    );
    if (end.isMissing) context.onWarning(`no such file in the container: ${args.cmd[0]}`);
    context.exitWith(exitStatusOf(end));
  },
});

/** NAME=VALUE; nothing for a NAME that has no value here. */
function variable(text: string): string[] {
  const equals = text.indexOf('=');
  if (equals === 0 || text === '') throw failure(`'${text}' is not of the form NAME=VALUE`);
  if (equals > 0) return [text];
  const value = process.env[text];
  return value === undefined ? [] : [`${text}=${value}`];
}
