import { LibvirtError } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, domainOption, excludes, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const metadata = defineCommand({
  name: 'metadata',
  group: 'domain',
  summary: "an application's own XML in the definition of a domain",
  description:
    'Prints the element that an application keeps in the metadata of a domain under the namespace URI. --set and --edit ' +
    'store another one, --remove takes it away. KEY is the prefix that the namespace has in the document.',
  options: [
    domainOption(),
    { name: 'uri', type: 'string', required: true, help: 'the namespace that names the element' },
    LIVE,
    CONFIG,
    CURRENT,
    { name: 'edit', type: 'bool', help: 'change the element in an editor' },
    { name: 'key', type: 'string', help: 'prefix of the namespace' },
    { name: 'set', type: 'string', help: 'the new element' },
    { name: 'remove', type: 'bool', help: 'remove the element' },
  ],
  rules: [excludes('edit', 'set'), excludes('remove', 'set'), excludes('remove', 'edit'), ...CURRENT_EXCLUDES],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { uri, set, key } = args;
    if ((set !== undefined || args.edit) && key === undefined) throw failure('namespace key is required when modifying metadata');
    const { domainMetadata, setDomainMetadata } = await import('../../../driver/domain/metadata.ts');
    if (set !== undefined || args.remove) {
      await setDomainMetadata(context.connection, domain, { uri, key, xml: args.remove ? undefined : set }, args);
      context.extra(`Metadata ${args.remove ? 'removed' : 'modified'}\n`);
    } else if (args.edit) {
      const { editInLoop } = await import('../edit-loop.ts');
      const outcome = await editInLoop(context, {
        validate: false,
        read: async () => (await present()) ?? '\n',
        write: (xml) => setDomainMetadata(context.connection, domain, { uri, key, xml }, args),
      });
      if (outcome === 'discarded') return false;
      context.extra(outcome === 'written' ? 'Metadata modified\n' : 'Metadata not changed');
    } else {
      context.print(`${await domainMetadata(context.connection, domain, uri, args)}\n`);
    }
    return true;

    /** The element as it is; undefined if there is none yet. */
    async function present(): Promise<string | undefined> {
      try {
        return await domainMetadata(context.connection, domain, uri, args);
      } catch (error) {
        if (error instanceof LibvirtError && error.code === 'NO_DOMAIN_METADATA') return undefined;
        throw error;
      }
    }
  },
});
