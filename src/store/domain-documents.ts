// Domains between the store and memory: what is stored as text here becomes a definition, and the other way round.
import type { DomainDefinition } from '../domain/definition.ts';
import { type DomainStatus, formatStatus, parseStatus } from '../domain/status.ts';
import { formatStored, parseStored } from '../domain/stored.ts';
import { libvirtError } from '../errors.ts';
import { parseHost } from '../host/parse-host.ts';
import { readDefinition, writeDefinition } from './definitions.ts';
import { type StatusRecord, writeStatus } from './live-status.ts';
import { definitionFile } from './paths.ts';

/** The persistent definition. Throws NO_DOMAIN where there is none, INTERNAL_ERROR where its file has another domain in it. */
export function loadDefinition(name: string): DomainDefinition {
  const document = readDefinition(name);
  if (document === undefined) throw libvirtError('NO_DOMAIN', `no domain with matching name '${name}'`);
  const definition = parseStored(document, parseHost);
  if (definition.name !== name)
    throw libvirtError(
      'INTERNAL_ERROR',
      `Domain config filename '${definitionFile(name)}' does not match domain name '${definition.name}'`,
    );
  return definition;
}

export function saveDefinition(definition: DomainDefinition): void {
  writeDefinition(definition.name, formatStored(definition));
}

/** What runs: the live definition and who runs it. */
export function loadStatus(record: StatusRecord): DomainStatus {
  return parseStatus(record.document, parseHost);
}

export function saveStatus(status: DomainStatus): void {
  writeStatus(status.domain.name, formatStatus(status), status.controllerPid);
}
