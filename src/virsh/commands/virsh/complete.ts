import type { Candidate } from '../../../vsh/complete.ts';
import { type CandidateKind, type CommandContext, defineCommand, type GivenValues } from '../../command.ts';

export const complete = defineCommand({
  name: 'complete',
  group: 'virsh',
  connection: false,
  hidden: true,
  summary: 'what could come next',
  description:
    'Prints the words that could complete the last of its words; shells call it. ' +
    'With --shell the words are all that follow the program, each answer has a tab and its meaning behind it, and file names are ' +
    'left to the shell: the answers :files and :directories stand for them.',
  options: [
    { name: 'shell', type: 'bool', help: 'answer for a shell' },
    { name: 'line', type: 'string', namedOnly: true, emptyAllowed: true, help: 'the line as it was typed so far, in place of its words' },
    { name: 'string', type: 'argv', emptyAllowed: true, help: 'the words so far' },
  ],
  async run(context, args) {
    const { line } = args;
    const words = line === undefined ? args.string : (await import('../../../vsh/open-line.ts')).openLine(line).words.slice(1);
    const found = (await (args.shell ? forShell : forWords)(context, words)).filter(({ text }) => !/[\t\n]/.test(text));
    const answer = ({ text, about }: Candidate) => (args.shell && about !== undefined ? `${text}\t${about}\n` : `${text}\n`);
    context.print(found.map(answer).join(''));
    return found.length > 0;
  },
});

async function forWords(context: CommandContext, words: readonly string[]): Promise<Candidate[]> {
  const { completions } = await import('../../../vsh/complete.ts');
  const { pathsBeginning } = await import('../../../vsh/file-names.ts');
  return await completions({ table: context.table, candidates: candidatesOn(context, context.settings.uri), paths: pathsBeginning }, words);
}

async function forShell(context: CommandContext, words: readonly string[]): Promise<Candidate[]> {
  const { globalsBefore } = await import('../../../vsh/complete-globals.ts');
  const { GLOBAL_OPTIONS, readCommandLine } = await import('../../settings.ts');
  const { globals, rest, candidates } = globalsBefore(words, GLOBAL_OPTIONS);
  if (candidates) return candidates;
  const { completions } = await import('../../../vsh/complete.ts');
  const { uri = context.settings.uri } = readCommandLine(globals, process.env).settings;
  const mark = (kind: 'file' | 'directory'): Candidate[] => [{ text: kind === 'file' ? ':files' : ':directories', isMark: true }];
  return await completions({ table: context.table, candidates: candidatesOn(context, uri), paths: mark }, rest);
}

/** On a connection that changes nothing. Throws LibvirtError where there is none: completion says nothing about that. */
const candidatesOn = (context: CommandContext, uri: string | undefined) => async (kind: string, given: GivenValues) => {
  await context.connect(uri, true);
  const { candidates } = await import('../../candidates.ts');
  return await candidates(kind as CandidateKind, context.connection, given);
};
