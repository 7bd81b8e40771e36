// From the word that names a domain to the domain.

import type { DomainRef } from '../../domain/ref.ts';
import { type ErrorCode, inContext, LibvirtError } from '../../errors.ts';
import { type CommandContext, failure } from '../command.ts';

export type DomainKey = 'id' | 'uuid' | 'name';

const COULD_BE: Record<DomainKey, (text: string) => boolean> = {
  id: (text) => /^\s*\+?\d+$/.test(text),
  uuid: (text) => text.length === 36,
  name: () => true,
};

/** The domain that the command's operand names; any miss is virsh's one line about it. */
export async function findDomain(
  context: CommandContext,
  args: { readonly domain: string },
  by: readonly DomainKey[] = ['id', 'uuid', 'name'],
): Promise<DomainRef> {
  const text = args.domain;
  context.debugCommand(1, `found option <domain>: ${text}`);
  const { lookupDomain } = await import('../../driver/domain/lookup.ts');
  try {
    return await lookupDomain(context.connection, text, by, (key) => {
      if (COULD_BE[key](text)) context.debugCommand(0, `<domain> trying as domain ${key.toUpperCase()}`);
    });
  } catch (error) {
    if (error instanceof LibvirtError && error.code === 'NO_DOMAIN') throw failure(`failed to get domain '${text}'`, error);
    throw error;
  }
}

/** Nothing of that name was found, and not that looking failed. */
export const isMiss = (error: unknown, code: ErrorCode): boolean => error instanceof LibvirtError && error.code === code;

/**
 * The error of a network or pool that was looked for: a miss is told in two lines, or in virsh's one where only a uuid would do and
 * the word is none. Any other error is as it was.
 */
export function toldMiss(
  error: unknown,
  { code, problem, text, by }: { code: ErrorCode; problem: string; text: string; by: readonly ('uuid' | 'name')[] },
): unknown {
  if (!isMiss(error, code)) return error;
  const isNone = !by.includes('name') && !/^[0-9a-f-]{36}$/i.test(text);
  return isNone ? failure(problem, error) : inContext(problem, error);
}
