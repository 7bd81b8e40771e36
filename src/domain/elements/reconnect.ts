// <reconnect>: whether and how often a socket's client tries again, of consoles and of interfaces.

import { type EchoRule, echoedAttribute, echoedElement, required, unsigned, yesNo } from '../../xml/echoed.ts';

export const RECONNECT: EchoRule = {
  name: 'reconnect',
  attributes: [['enabled', yesNo]],
  finish: (echoed, element) => {
    const enabled = echoedAttribute(echoed, 'enabled');
    if (enabled === undefined) return undefined;
    const timeout = enabled === 'yes' ? required(unsigned)(element, 'timeout') : undefined;
    return echoedElement('reconnect', [
      ['enabled', enabled],
      ['timeout', timeout],
    ]);
  },
};
