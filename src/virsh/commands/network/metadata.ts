import { CURRENT_EXCLUDES, configLiveCurrent, defineReading } from '../../command.ts';
import { ELEMENT_CHANGED_BY, ELEMENT_OPTIONS, ELEMENT_OUTPUT, ELEMENT_RULES, readOrChangeElement, URI_OPTION } from '../own-element.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent('network');

export const netMetadata = defineReading({
  name: 'net-metadata',
  group: 'network',
  summary: "an application's own XML in the definition of a network",
  description:
    'Prints the element that an application keeps in the metadata of a network under the namespace URI. --set and --edit ' +
    'store another one, --remove takes it away. KEY is the prefix that the namespace has in the document.',
  options: [networkOption(), URI_OPTION, LIVE, CONFIG, CURRENT, ...ELEMENT_OPTIONS],
  rules: [...CURRENT_EXCLUDES, ...ELEMENT_RULES],
  changedBy: ELEMENT_CHANGED_BY,
  async read(context, args) {
    const network = await findNetworkOperand(context, args);
    const { networkMetadata, setNetworkMetadata } = await import('../../../driver/network/metadata.ts');
    return await readOrChangeElement(context, args, {
      read: (uri) => networkMetadata(context.connection, network, uri, args),
      write: (change) => setNetworkMetadata(context.connection, network, change, args),
    });
  },
  ...ELEMENT_OUTPUT,
});
