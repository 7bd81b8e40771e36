import { defineCommand, failure } from '../../command.ts';

export const selfTest = defineCommand({
  name: 'self-test',
  group: 'virsh',
  connection: false,
  hidden: true,
  summary: 'check the table of commands',
  description: 'Looks for mistakes in the definitions of all commands and their options.',
  options: [],
  async run(context) {
    const { findTableMistakes } = await import('../../../vsh/self-test.ts');
    const mistakes = findTableMistakes(context.table);
    if (mistakes.length > 0) throw failure(mistakes.join('\n'));
  },
});
