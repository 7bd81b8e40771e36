// The XML of a domain, network or port, whole or by an XPath expression: what the three dumpxml commands have in common.

import type { Outcome } from '../../vsh/command.ts';
import type { CommandContext } from '../command.ts';

export const XPATH_DESCRIPTION =
  '--xpath prints only the parts that the expression selects, one after the other, or inside one <nodes> element with --wrap.';

export const XPATH_OPTIONS = [
  { name: 'xpath', type: 'string', namedOnly: true, emptyAllowed: true, help: 'only the parts that this XPath expression selects' },
  { name: 'wrap', type: 'bool', help: 'with --xpath: one document around the parts' },
] as const;

/** Prints `xml`, or what `xpath` selects of it. As virsh: nothing is said about an empty expression. */
export async function printXml(
  context: CommandContext,
  xml: string,
  { xpath, wrap }: { xpath: string | undefined; wrap: boolean },
): Promise<Outcome> {
  if (xpath === '') return false;
  if (xpath === undefined) {
    context.print(xml);
    return;
  }
  const { selectXml } = await import('./xpath.ts');
  context.print(await selectXml(xml, xpath, { wrap }));
}
