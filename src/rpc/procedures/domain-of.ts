// The domain that a client names in each of its calls, and how one is named to it.

import type { DomainRef } from '../../domain/ref.ts';
import type { Connection } from '../../driver/connection.ts';
import { domainId, findByName, findByUuid } from '../../driver/domain/lookup.ts';
import { libvirtError } from '../../errors.ts';
import type { WireDomain } from '../types.ts';

/** By its uuid, which the name, that the client knows, only helps to find. Throws NO_DOMAIN. */
export function domainOf({ name, uuid }: WireDomain): DomainRef {
  const named = findByName(name);
  if (named?.uuid === uuid) return { name, uuid };
  const found = findByUuid(uuid);
  if (!found) throw libvirtError('NO_DOMAIN', `no domain with matching uuid '${uuid}' (${name})`);
  return { name: found.name, uuid };
}

/** -1 stands for one that is off. */
export const wireDomain = ({ name, uuid }: DomainRef, id: number | null): WireDomain => ({ name, uuid, id: id ?? -1 });

export const currentDomain = (connection: Connection, ref: DomainRef): WireDomain => wireDomain(ref, domainId(connection, ref));
