import { type CommandContext, defineCommand } from '../../../vsh/command.ts';

export const complete = defineCommand({
  name: 'complete',
  group: 'virsh',
  connection: false,
  hidden: true,
  summary: 'what could come next',
  description: 'Prints the words that could complete the last of its words; shells call it.',
  options: [{ name: 'string', type: 'argv', emptyAllowed: true, help: 'the words so far' }],
  async run(context, args) {
    const { completions } = await import('../../../vsh/complete.ts');
    const found = await completions({ table: context.table, connecting: () => connection(context) }, args.string);
    context.print(found.map((word) => `${word}\n`).join(''));
    return found.length > 0;
  },
});

/** Completion says nothing about a connection that fails. */
async function connection(context: CommandContext) {
  try {
    await context.connect(context.settings.uri, true);
    return context.connection;
  } catch {
    return undefined;
  }
}
