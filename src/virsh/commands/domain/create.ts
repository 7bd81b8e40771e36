import { LibvirtError, withContext } from '../../../errors.ts';
import { defineCommand } from '../../command.ts';
import { readDescriptionBytes } from '../files.ts';
import { BEGIN, BEGIN_RULES, type Begin, beginDomain, beginOptions } from './begin.ts';

export const create = defineCommand({
  name: 'create',
  group: 'domain',
  summary: 'start a domain from an XML file',
  description:
    'Starts the domain that FILE describes. It is transient, forgotten when it stops, unless its uuid is that of a ' +
    'stored domain: then that domain runs, this once with the configuration in FILE.',
  options: [
    { name: 'file', type: 'string', required: true, completes: 'file', help: 'file with the XML of the domain' },
    BEGIN.console,
    BEGIN.foreground,
    BEGIN.stopTimeout,
    BEGIN.paused,
    BEGIN.resume,
    BEGIN.autodestroy,
    BEGIN.passFds,
    { name: 'validate', type: 'bool', help: 'check the XML against the schema first' },
    BEGIN.hostRoot,
    BEGIN.resetNvram,
  ],
  rules: BEGIN_RULES,
  isVerbatim: { with: 'foreground' },
  async run(context, args) {
    const xml = readDescriptionBytes(args.file);
    const options = { ...beginOptions(context, args), validate: args.validate };
    let runs = false;
    const begin: Begin = async ({ onSetUp }) => {
      const domain = await withContext(`Failed to create domain from ${args.file}`, async () => {
        const { createDomain } = await import('../../../driver/domain/start.ts');
        return await createDomain(context.connection, xml, { ...options, onSetUp });
      });
      runs = true;
      if (!args.foreground) context.extra(`Domain '${domain.name}' created from ${args.file}\n`);
      return domain;
    };
    try {
      await beginDomain(context, args, begin);
    } catch (error) {
      // As with virsh a console that cannot be had is told, and no failure of what was created.
      if (!runs || !args.console || !(error instanceof LibvirtError)) throw error;
      if (error.context) context.error(error.context);
      context.error(error.message);
    }
  },
});
