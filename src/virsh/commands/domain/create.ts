import { withContext } from '../../../errors.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { defineCommand } from '../../command.ts';
import { readDescriptionBytes } from '../files.ts';
import { beginDomain } from './begin.ts';
import { descriptors } from './descriptors.ts';

export const create = defineCommand({
  name: 'create',
  group: 'domain',
  summary: 'start a domain from an XML file',
  description:
    'Starts the domain that FILE describes. It is transient, forgotten when it stops, unless its uuid is that of a ' +
    'stored domain: then that domain runs, this once with the configuration in FILE.',
  options: [
    { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the domain' },
    { name: 'console', type: 'bool', help: 'go on to the console of the domain' },
    { name: 'paused', type: 'bool', help: 'freeze the domain before its init does anything' },
    { name: 'autodestroy', type: 'bool', help: 'destroy the domain when this program ends' },
    { name: 'pass-fds', type: 'string', emptyAllowed: true, help: "open descriptors N,M,... that become init's 3, 4, ..." },
    { name: 'validate', type: 'bool', help: 'check the XML against the schema first' },
    { name: 'host-root', type: 'bool', help: "let an init system run on the host's own root" },
    { name: 'reset-nvram', type: 'bool', help: 'refused: containers have no NVRAM' },
  ],
  async run(context, args) {
    const xml = readDescriptionBytes(args.file);
    const atTerminal = isTerminal(0);
    const passFds = descriptors(args['pass-fds']);
    await beginDomain(context, args, async ({ onSetUp }) => {
      const domain = await withContext(`Failed to create domain from ${args.file}`, async () => {
        const { createDomain } = await import('../../../driver/domain/start.ts');
        return await createDomain(context.connection, xml, {
          paused: args.paused,
          autodestroy: args.autodestroy,
          resetNvram: args['reset-nvram'],
          validate: args.validate,
          passFds,
          hostRoot: args['host-root'],
          atTerminal,
          onSetUp,
          onWaiting: context.onWaiting,
          onWarning: context.onWarning,
        });
      });
      context.extra(`Domain '${domain.name}' created from ${args.file}\n`);
      return domain;
    });
  },
});
