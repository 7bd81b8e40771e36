// From the words that name a pool or a volume to what they mean.

import type { PoolSummary } from '../../../driver/storage/pools.ts';
import type { VolumeRef } from '../../../driver/storage/volumes.ts';
import { inContext } from '../../../errors.ts';
import { humanSize, parseScaled } from '../../../vsh/scaled.ts';
import { type CommandContext, failure, type PoolKind } from '../../command.ts';
import { isMiss, toldMiss } from '../lookup.ts';

/** The first operand of most commands; `completes` tells which pools the command is for. */
export function poolOption({ completes = 'pool', help = 'pool name or uuid' }: { completes?: PoolKind; help?: string } = {}) {
  return { name: 'pool', type: 'string', required: true, completes, help } as const;
}

/** The operand of the commands on a volume, and where to look for it. */
export const volumeOptions = () =>
  [
    { name: 'vol', type: 'string', required: true, completes: 'volume', help: 'name, or path, of the volume' },
    { name: 'pool', type: 'string', completes: 'active-pool', help: 'pool name or uuid; not needed with a path' },
  ] as const;

/** The pool that is named. */
export async function findPoolOperand(
  context: CommandContext,
  { pool: text }: { readonly pool: string },
  by: readonly ('uuid' | 'name')[] = ['uuid', 'name'],
): Promise<PoolSummary> {
  const { lookupPool } = await import('../../../driver/storage/pools.ts');
  try {
    return lookupPool(context.connection, text, by);
  } catch (error) {
    throw toldMiss(error, { code: 'NO_STORAGE_POOL', problem: `failed to get pool '${text}'`, text, by });
  }
}

/** The volume that is named: by its name in a pool, else by its path. `poolOptionName`: what would name the pool, if anything. */
export async function findVolumeOperand(
  context: CommandContext,
  { vol, pool: poolText }: { readonly vol: string; readonly pool?: string | undefined },
  poolOptionName: 'pool' | 'inputpool' | null = 'pool',
): Promise<VolumeRef> {
  const { volumeByName, volumeByPath } = await import('../../../driver/storage/volumes.ts');
  const pool = poolText === undefined ? undefined : await findPoolOperand(context, { pool: poolText });
  if (pool && !pool.active) throw failure(`pool '${poolText}' is not active`);
  try {
    if (pool) {
      try {
        return volumeByName(context.connection, pool, vol);
      } catch (error) {
        if (!isMiss(error, 'NO_STORAGE_VOL')) throw error;
      }
    }
    const found = volumeByPath(context.connection, vol);
    if (pool && found.pool.name !== pool.name) throw failure(`Requested volume '${vol}' is not in pool '${poolText}'`);
    return found;
  } catch (error) {
    if (!isMiss(error, 'NO_STORAGE_VOL')) throw error;
    const hint = pool || poolOptionName === null ? '' : `, specifying --${poolOptionName} might help`;
    throw inContext(`failed to get vol '${vol}'${hint}`, error);
  }
}

/** A size in bytes, as virsh's storage commands read one. */
export function sizeOf(text: string): bigint {
  const size = parseScaled(text, 1n);
  if (size === undefined) throw failure(`Malformed size ${text}`);
  return size;
}

/** `251.97 GiB`. */
export const prettySize = (bytes: bigint): string => humanSize(bytes, 2);
