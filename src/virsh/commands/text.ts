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

/** Those that change it. */
export const TEXT_CHANGED_BY = ['edit', 'new-desc'] as const;

export interface FoundText {
  readonly owner: Pick<TextOwner, 'kind' | 'name'>;
  readonly what: TextKind;
  readonly text: string | undefined;
}

/** How it is printed. */
export const TEXT_OUTPUT = {
  text({ owner, what, text }: FoundText, _args: unknown, { settings }: CommandContext): string {
    if (text !== undefined) return text;
    return settings.quiet ? '' : `No ${what} for ${owner.kind}: ${owner.name}`;
  },
  json: ({ what, text }: FoundText) => ({ [what]: text }),
} as const;

/** The text; undefined if it was to be changed, to the words that were given or what an editor leaves. */
export async function readOrChangeText(context: CommandContext, args: TextArguments, owner: TextOwner): Promise<FoundText | undefined> {
  const { kind, read, write } = owner;
  const what = args.title ? 'title' : 'description';
  const current = read(what);
  const words = args['new-desc'];
  if (words.length === 0 && !args.edit) return { owner, what, text: current };
  const given = words.join(' ');
  const text = args.edit ? await edited(words.length > 0 ? given : (current ?? '')) : given;
  const spoken = kind === 'domain' ? 'Domain' : 'Network';
  if (text === undefined) {
    context.extra(`${spoken} ${what} not changed\n`);
    return undefined;
  }
  await withContext(`Failed to set new ${kind} ${what}`, () => write(what, text));
  context.extra(`${spoken} ${what} updated successfully`);
  return undefined;

  /** Undefined if the text stays as it was stored. An editor's last newline is no part of a title. */
  async function edited(start: string): Promise<string | undefined> {
    const { editText } = await import('../../vsh/editor.ts');
    const result = editText(context, start);
    const text = args.title ? result.replace(/\n$/, '') : result;
    return text === (current ?? '') ? undefined : text;
  }
}
