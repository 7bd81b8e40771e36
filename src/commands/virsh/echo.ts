import { defineCommand, excludes } from '../../cli/command.ts';
import { quoteForShell } from '../../cli/shell-quote.ts';

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
    const form = args.shell ? quoteForShell : args.xml ? escapeForXml : args.split ? splitAtCommas : (word: string) => word;
    const shown = args.string.map(form).join(' ');
    if (args.string.length === 0) return;
    if (args.err) await context.error(shown);
    else context.print(shown);
  },
});

/** What stands between commas, each with a newline behind it. */
function splitAtCommas(word: string): string {
  const parts = word === '' ? [] : [''];
  for (const piece of word.match(/,,|,|[^,]+/g) ?? []) {
    if (piece === ',') parts.push('');
    else parts[parts.length - 1] += piece === ',,' ? ',' : piece;
  }
  return parts.map((part) => `${part}\n`).join('');
}

const XML_ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };

/** Characters that XML cannot have. */
const CONTROL = /[\x01-\x08\x0b\x0c\x0e-\x1f]/g;

function escapeForXml(word: string): string {
  return word.replace(CONTROL, '').replace(/[<>&"']/g, (char) => XML_ENTITIES[char]!);
}
