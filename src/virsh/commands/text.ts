// The title or description of a domain or network: what desc and net-desc have in common.

import type { TextKind } from '../../domain/metadata-change.ts';
import { withContext } from '../../errors.ts';
import type { CommandContext } from '../command.ts';

/** Options of their own; those that say which definition is meant come before. */
export const TEXT_OPTIONS = [
  { name: 'title', type: 'bool', help: 'the title instead of the description' },
  { name: 'edit', type: 'bool', help: 'change the text in an editor' },
  { name: 'new-desc', type: 'argv', help: 'the new text' },
] as const;

interface TextArguments {
  readonly title: boolean;
  readonly edit: boolean;
  readonly 'new-desc': readonly string[];
}

/** What has the text. */
export interface TextOwner {
  readonly kind: 'domain' | 'network';
  readonly name: string;
  read(what: TextKind): string | undefined;
  write(what: TextKind, text: string): void;
}

/** Prints the text, or changes it to the words that were given or what an editor leaves. */
export async function showOrChangeText(
  context: CommandContext,
  args: TextArguments,
  { kind, name, read, write }: TextOwner,
): Promise<void> {
  const what = args.title ? 'title' : 'description';
  const current = read(what);
  const words = args['new-desc'];
  if (words.length === 0 && !args.edit) {
    if (current === undefined) context.extra(`No ${what} for ${kind}: ${name}`);
    else context.print(current);
    return;
  }
  const given = words.join(' ');
  const text = args.edit ? await edited(words.length > 0 ? given : (current ?? '')) : given;
  const spoken = kind === 'domain' ? 'Domain' : 'Network';
  if (text === undefined) {
    context.extra(`${spoken} ${what} not changed\n`);
    return;
  }
  await withContext(`Failed to set new ${kind} ${what}`, () => write(what, text));
  context.extra(`${spoken} ${what} updated successfully`);

  /** Undefined if the text stays as it was stored. An editor's last newline is no part of a title. */
  async function edited(start: string): Promise<string | undefined> {
    const { editText } = await import('../../vsh/editor.ts');
    const result = editText(context, start);
    const text = args.title ? result.replace(/\n$/, '') : result;
    return text === (current ?? '') ? undefined : text;
  }
}
