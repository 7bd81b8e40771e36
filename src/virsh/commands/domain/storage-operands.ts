// `undefine --storage`: volumes belong to libvirt's storage pools, and containers' disks never do.

import type { DomainRef } from '../../../domain/ref.ts';
import { type CommandContext, failure } from '../../command.ts';

interface StorageOptions {
  readonly storage: string | undefined;
  readonly 'remove-all-storage': boolean;
}

/**
 * Checks the volumes named for removal against the domain's disks.
 *
 * Says of each disk that it is to be removed by hand: no pool manages it. Throws when a name is no disk of the domain.
 */
export async function storageToRemove(context: CommandContext, domain: DomainRef, options: StorageOptions): Promise<void> {
  const { storage } = options;
  const all = options['remove-all-storage'];
  if (storage === undefined && !all) return;
  if (storage !== undefined && all) throw failure('Specified both --storage and --remove-all-storage');
  const { domainDevices } = await import('../../../driver/domain/info.ts');
  const { isActive } = await import('../../../driver/domain/lookup.ts');
  if (await isActive(context.connection, domain)) {
    throw failure('Storage volume deletion is supported only on stopped domains');
  }
  const { disks } = await domainDevices(context.connection, domain, { inactive: true });
  const wanted = storage?.split(',').map((word) => ({ word, found: false }));
  for (const disk of disks) {
    const operand = wanted?.find(({ word, found }) => !found && (word === disk.target.dev || word === disk.source));
    if (wanted && !operand) continue;
    if (operand) operand.found = true;
    if (disk.source !== undefined) {
      context.error(`Storage volume '${disk.target.dev}'(${disk.source}) is not managed by libvirt. Remove it manually.\n`);
    }
  }
  const missing = (wanted ?? [])
    .filter(({ found }) => !found)
    .map(({ word }) => `Volume '${word}' was not found in domain's definition.\n`);
  for (const text of missing.slice(0, -1)) context.error(text);
  if (missing.length > 0) throw failure(missing.at(-1)!);
}
