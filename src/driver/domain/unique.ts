// Names and uuids are taken once.
import type { DomainDefinition } from '../../domain/definition.ts';
import { libvirtError } from '../../errors.ts';
import { findByName, findByUuid } from './lookup.ts';

/**
 * No two domains may share a name or a uuid. Throws OPERATION_FAILED with libvirt's words. The caller holds the store's lock
 * until it has written.
 */
export function checkUnique({ name, uuid }: DomainDefinition): void {
  const same = findByUuid(uuid, { isNew: true });
  if (same && same.name !== name) throw libvirtError('OPERATION_FAILED', `domain '${same.name}' is already defined with uuid ${uuid}`);
  const namesake = same ?? findByName(name);
  if (namesake && namesake.uuid !== uuid)
    throw libvirtError('OPERATION_FAILED', `domain '${name}' already exists with uuid ${namesake.uuid}`);
}
