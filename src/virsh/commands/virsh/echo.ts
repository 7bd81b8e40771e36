import { splitAtCommas } from '../../../values/comma-list.ts';
import { quoteForShell } from '../../../vsh/shell-quote.ts';
import { escapeXml } from '../../../xml/escape.ts';
import { defineCommand, excludes } from '../../command.ts';

export const echo = defineCommand({
  name: 'echo',
  group: 'virsh',
  connection: false,
  summary: 'print words',
  description:
    'Prints its words, separated by blanks; with --shell or --xml quoted so that a shell or an XML document takes them literally.',
  options: [
    { name: 'shell', type: 'bool', help: 'quote each word for a shell' },
    { name: 'xml', type: 'bool', help: 'escape each word for XML' },
    { name: 'split', type: 'bool', help: "print what stands between commas, a line each; ',,' is one comma" },
    { name: 'err', type: 'bool', help: 'print an error line instead' },
    { name: 'string', type: 'argv', aliases: ['str', 'hi=hello'], help: 'the words' },
  ],
  rules: [excludes('shell', 'xml'), excludes('shell', 'split'), excludes('xml', 'split')],
  async run(context, args) {
    const form = args.shell ? quoteForShell : args.xml ? escapeXml : args.split ? listed : (word: string) => word;
    const shown = args.string.map(form).join(' ');
    if (args.string.length === 0) return;
    if (args.err) context.error(shown);
    else context.print(shown);
  },
});

/** A line for each part. */
const listed = (word: string): string =>
  splitAtCommas(word)
    .map((part) => `${part}\n`)
    .join('');
