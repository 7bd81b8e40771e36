import { CURRENT_EXCLUDES, configLiveCurrent, defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { ELEMENT_CHANGED_BY, ELEMENT_OPTIONS, ELEMENT_OUTPUT, ELEMENT_RULES, readOrChangeElement, URI_OPTION } from '../own-element.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const metadata = defineReading({
  name: 'metadata',
  group: 'domain',
  summary: "an application's own XML in the definition of a domain",
  description:
    'Prints the element that an application keeps in the metadata of a domain under the namespace URI. --set and --edit ' +
    'store another one, --remove takes it away. KEY is the prefix that the namespace has in the document.',
  options: [domainOption(), URI_OPTION, LIVE, CONFIG, CURRENT, ...ELEMENT_OPTIONS],
  rules: [...ELEMENT_RULES, ...CURRENT_EXCLUDES],
  changedBy: ELEMENT_CHANGED_BY,
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { domainMetadata, setDomainMetadata } = await import('../../../driver/domain/metadata.ts');
    return await readOrChangeElement(context, args, {
      read: (uri) => domainMetadata(context.connection, domain, uri, args),
      write: (change) => setDomainMetadata(context.connection, domain, change, args),
    });
  },
  ...ELEMENT_OUTPUT,
});
