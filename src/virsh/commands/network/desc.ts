import { CURRENT_EXCLUDES, configLiveCurrent, defineReading } from '../../command.ts';
import { readOrChangeText, TEXT_CHANGED_BY, TEXT_OPTIONS, TEXT_OUTPUT } from '../text.ts';
import { findNetworkOperand, networkOption } from './operand.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent('network');

export const netDesc = defineReading({
  name: 'net-desc',
  group: 'network',
  summary: 'the description or title of a network',
  description:
    'Prints the description of a network, or its title (one short line, shown by net-list --title). With words behind the network ' +
    'these become the new text; an empty word removes it.',
  options: [networkOption(), LIVE, CONFIG, CURRENT, ...TEXT_OPTIONS],
  rules: CURRENT_EXCLUDES,
  changedBy: TEXT_CHANGED_BY,
  async read(context, args) {
    const network = await findNetworkOperand(context, args);
    const { networkText, setNetworkText } = await import('../../../driver/network/metadata.ts');
    return await readOrChangeText(context, args, {
      kind: 'network',
      name: network.name,
      read: (what) => networkText(context.connection, network, what, args),
      write: (what, text) => setNetworkText(context.connection, network, what, text, args),
    });
  },
  ...TEXT_OUTPUT,
});
