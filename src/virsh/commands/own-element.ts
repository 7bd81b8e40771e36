// An application's own XML in the definition of a domain or network: what metadata and net-metadata have in common.

import type { MetadataChange } from '../../domain/metadata-change.ts';
import { LibvirtError } from '../../errors.ts';
import { type CommandContext, excludes, failure, type OptionRule } from '../command.ts';

export const URI_OPTION = { name: 'uri', type: 'string', required: true, help: 'the namespace that names the element' } as const;

export const ELEMENT_OPTIONS = [
  { name: 'edit', type: 'bool', help: 'change the element in an editor' },
  { name: 'key', type: 'string', help: 'prefix of the namespace' },
  { name: 'set', type: 'string', help: 'the new element' },
  { name: 'remove', type: 'bool', help: 'remove the element' },
] as const;

export const ELEMENT_RULES: readonly OptionRule[] = [excludes('edit', 'set'), excludes('remove', 'set'), excludes('remove', 'edit')];

interface ElementArguments {
  readonly uri: string;
  readonly edit: boolean;
  readonly key: string | undefined;
  readonly set: string | undefined;
  readonly remove: boolean;
}

/** What has the element. */
export interface ElementOwner {
  /** Throws NO_DOMAIN_METADATA or NO_NETWORK_METADATA where there is none. */
  read(uri: string): string;
  write(change: MetadataChange): void;
}

/** Those that change it. */
export const ELEMENT_CHANGED_BY = ['edit', 'set', 'remove'] as const;

/** In place of an element: whoever edited it gave it up. */
const DISCARDED = '';

/** How it is printed. */
export const ELEMENT_OUTPUT = {
  text: (xml: string) => (xml === DISCARDED ? '' : `${xml}\n`),
  json: (xml: string, { uri }: { readonly uri: string }) => ({ uri, xml }),
  succeeds: (xml: string) => xml !== DISCARDED,
} as const;

/** The element; undefined if another one was to be stored, or it was to be removed. */
export async function readOrChangeElement(
  context: CommandContext,
  args: ElementArguments,
  { read, write }: ElementOwner,
): Promise<string | undefined> {
  const { uri, set, key } = args;
  if ((set !== undefined || args.edit) && key === undefined) throw failure('namespace key is required when modifying metadata');
  if (set !== undefined || args.remove) {
    write({ uri, key, xml: args.remove ? undefined : set });
    context.extra(`Metadata ${args.remove ? 'removed' : 'modified'}\n`);
  } else if (args.edit) {
    const { editInLoop } = await import('./edit-loop.ts');
    const outcome = await editInLoop(context, {
      validate: false,
      read: () => present() ?? '\n',
      write: (xml) => write({ uri, key, xml }),
    });
    if (outcome === 'discarded') return DISCARDED;
    context.extra(outcome === 'written' ? 'Metadata modified\n' : 'Metadata not changed');
  } else return read(uri);
  return undefined;

  /** The element as it is; undefined if there is none yet. */
  function present(): string | undefined {
    try {
      return read(uri);
    } catch (error) {
      if (error instanceof LibvirtError && /^NO_(DOMAIN|NETWORK)_METADATA$/.test(error.code)) return undefined;
      throw error;
    }
  }
}
