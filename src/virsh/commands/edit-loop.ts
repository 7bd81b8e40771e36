// The loop of every `edit` command: editor, check whether somebody else was faster, store; ask when that fails.

import { failureIn, type LibvirtError } from '../../errors.ts';
import { type CommandContext, failure } from '../command.ts';

export interface Editable {
  /** The text as it is stored now. */
  read(): Promise<string> | string;
  write(text: string, validate: boolean): unknown;
  /** Whether `write` is to check against the schema; the user may turn that off when asked. */
  readonly validate: boolean;
}

/** What came of it; `discarded` is the user's own answer. Throws when there is no terminal to ask at. */
export async function editInLoop(context: CommandContext, editable: Editable): Promise<'written' | 'unchanged' | 'discarded'> {
  const { askWhatNext, EditedText } = await import('../../vsh/editor.ts');
  let original = await editable.read();
  let validate = editable.validate;
  const file = new EditedText(context, original);
  try {
    let text = file.edit(context);
    if (text === original) return 'unchanged';
    for (;;) {
      const current = await editable.read();
      const overtaken = current !== original;
      original = current;
      const problem = overtaken
        ? failure('The XML configuration was changed by another user.')
        : await failureIn(() => editable.write(text, validate));
      if (!problem) return 'written';
      const answer = await ask(problem, overtaken);
      if (answer === 'discard') return 'discarded';
      if (answer === 'unchecked') validate = false;
      if (answer === 'again') {
        text = file.edit(context);
        if (text === original) return 'unchanged';
      }
    }
  } finally {
    file.remove();
  }

  async function ask(problem: LibvirtError, overtaken: boolean) {
    const sentence = overtaken ? problem.message : 'Failed.';
    const { isTerminal } = await import('../../vsh/terminal.ts');
    if (!isTerminal(0)) throw problem;
    if (!overtaken) context.error(problem.message);
    return (await askWhatNext(context, sentence, validate)) ?? 'discard';
  }
}
