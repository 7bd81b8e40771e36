import { CURRENT_EXCLUDES, configLiveCurrent, defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { readOrChangeText, TEXT_CHANGED_BY, TEXT_OPTIONS, TEXT_OUTPUT } from '../text.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const desc = defineReading({
  name: 'desc',
  group: 'domain',
  summary: 'the description or title of a domain',
  description:
    'Prints the description of a domain, or its title (one short line, shown by list --title). With words behind the domain ' +
    'these become the new text; an empty word removes it.',
  options: [domainOption(), LIVE, CONFIG, CURRENT, ...TEXT_OPTIONS],
  rules: CURRENT_EXCLUDES,
  changedBy: TEXT_CHANGED_BY,
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { domainText, setDomainText } = await import('../../../driver/domain/metadata.ts');
    return await readOrChangeText(context, args, {
      kind: 'domain',
      name: domain.name,
      read: (what) => domainText(context.connection, domain, what, { config: args.config }),
      write: (what, text) => setDomainText(context.connection, domain, what, text, args),
    });
  },
  ...TEXT_OUTPUT,
});
