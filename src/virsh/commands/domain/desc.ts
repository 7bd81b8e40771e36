import { withContext } from '../../../errors.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const desc = defineCommand({
  name: 'desc',
  group: 'domain',
  summary: 'the description or title of a domain',
  description:
    'Prints the description of a domain, or its title (one short line, shown by list --title). With words behind the domain ' +
    'these become the new text; an empty word removes it.',
  options: [
    domainOption(),
    LIVE,
    CONFIG,
    CURRENT,
    { name: 'title', type: 'bool', help: 'the title instead of the description' },
    { name: 'edit', type: 'bool', help: 'change the text in an editor' },
    { name: 'new-desc', type: 'argv', help: 'the new text' },
  ],
  rules: CURRENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const what = args.title ? 'title' : 'description';
    const { domainText, setDomainText } = await import('../../../driver/domain/metadata.ts');
    const current = await domainText(context.connection, domain, what, { config: args.config });
    const words = args['new-desc'];
    if (words.length === 0 && !args.edit) {
      if (current === undefined) context.extra(`No ${what} for domain: ${domain.name}`);
      else context.print(current);
      return;
    }
    const text = args.edit ? await edited(words.length > 0 ? words.join(' ') : (current ?? '')) : words.join(' ');
    if (text === undefined) {
      context.extra(`Domain ${what} not changed\n`);
      return;
    }
    await withContext(`Failed to set new domain ${what}`, () => setDomainText(context.connection, domain, what, text, args));
    context.extra(`Domain ${what} updated successfully`);

    /** Undefined if the text stays as it was stored. An editor's last newline is no part of a title. */
    async function edited(start: string): Promise<string | undefined> {
      const { editText } = await import('../../../vsh/editor.ts');
      const result = editText(context, start);
      const text = args.title ? result.replace(/\n$/, '') : result;
      return text === (current ?? '') ? undefined : text;
    }
  },
});
