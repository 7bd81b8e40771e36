// Finding domains: by id, uuid or name, and all of them. Reads names and small facts; parses no XML.

import { domainFacts } from '../../domain/facts.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { definedNames, definedWithUuid, hasAutostartLink, isDefined, readDefinition } from '../../store/definitions.ts';
import { hasLeftLabels } from '../../store/label-notes.ts';
import { liveStatus, readStatus, type StatusRecord, statusNames, truly } from '../../store/live-status.ts';
import { isDomainName } from '../../store/paths.ts';
import { isUuid } from '../../values/uuid.ts';
import type { Connection } from '../connection.ts';

export type DomainStateName = 'running' | 'paused' | 'shut off';

/** A row of `list`. What is not always printed is read when it is asked for. */
export interface DomainSummary extends DomainRef {
  readonly id: number | null;
  readonly state: DomainStateName;
  readonly persistent: boolean;
  readonly autostart: boolean;
  readonly title: string | undefined;
}

class Summary implements DomainSummary {
  readonly name: string;
  readonly #status: StatusRecord | undefined;

  constructor(name: string, status: StatusRecord | undefined) {
    this.name = name;
    this.#status = status;
  }
  get id(): number | null {
    return this.#status?.controller.pid ?? null;
  }
  get state(): DomainStateName {
    return this.#status?.state ?? 'shut off';
  }
  get persistent(): boolean {
    return isDefined(this.name);
  }
  get autostart(): boolean {
    return hasAutostartLink(this.name);
  }
  get uuid(): string {
    return domainFacts(this.#document()).uuid ?? '';
  }
  get title(): string | undefined {
    return domainFacts(this.#document()).title;
  }
  #document(): string {
    return this.#status?.document ?? readDefinition(this.name) ?? '';
  }
}

/** What runs, by name; in no order. Clears up after those whose controller died, if nobody else does. */
export async function runningDomains(connection: Connection): Promise<Map<string, StatusRecord>> {
  const running = new Map<string, StatusRecord>();
  const stale: string[] = [];
  for (const name of statusNames()) {
    const status = readStatus(name);
    if (status?.alive) running.set(name, truly(status));
    else if (status) stale.push(name);
  }
  if ((stale.length > 0 || hasLeftLabels()) && !connection.readonly) await (await import('../../container/cleanup.ts')).repairAll(stale);
  return running;
}

/** Every domain that is active, or not, or both; in no order. */
export async function listDomains(connection: Connection, which: { active: boolean; inactive: boolean }): Promise<DomainSummary[]> {
  const running = await runningDomains(connection);
  const domains: DomainSummary[] = [];
  if (which.active) for (const [name, status] of running) domains.push(new Summary(name, status));
  if (which.inactive) for (const name of definedNames()) if (!running.has(name)) domains.push(new Summary(name, undefined));
  return domains;
}

/** The domain that `text` means, tried as each of `by` in that order. Throws NO_DOMAIN. */
export function lookupDomain(
  _connection: Connection,
  text: string,
  by: readonly ('id' | 'uuid' | 'name')[],
  onTrying?: (kind: 'id' | 'uuid' | 'name') => void,
): DomainRef {
  for (const kind of by) {
    onTrying?.(kind);
    const found = LOOKUP[kind](text);
    if (found) return found;
  }
  throw libvirtError(
    'NO_DOMAIN',
    by.includes('name') ? `no domain with matching name '${text}'` : `no domain with matching ${by[0]} '${text}'`,
  );
}

const LOOKUP = {
  id(text: string): DomainRef | undefined {
    if (!/^\s*\+?\d+$/.test(text)) return undefined;
    const id = Number(text);
    for (const name of statusNames()) {
      const status = liveStatus(name);
      if (status?.controller.pid === id) return new Summary(name, status);
    }
    return undefined;
  },
  uuid(text: string): DomainRef | undefined {
    if (!isUuid(text)) return undefined;
    return findByUuid(text.toLowerCase());
  },
  name(text: string): DomainRef | undefined {
    if (!isDomainName(text)) return undefined;
    const status = liveStatus(text);
    return status || isDefined(text) ? new Summary(text, status) : undefined;
  },
};

/**
 * The domain with this uuid (lower case, dashed), running or defined. `isNew`: see definedWithUuid(). A running domain has the
 * uuid of its definition, so that only those that have none are looked through.
 */
export function findByUuid(uuid: string, options: { isNew?: boolean } = {}): DomainRef | undefined {
  const defined = definedWithUuid(uuid, options);
  if (defined !== undefined) return new Summary(defined, liveStatus(defined));
  for (const name of statusNames()) {
    if (options.isNew && isDefined(name)) continue;
    const status = liveStatus(name);
    if (status?.uuid === uuid) return new Summary(name, status);
  }
  return undefined;
}

export function findByName(name: string): DomainRef | undefined {
  return LOOKUP.name(name);
}

export function domainId(_connection: Connection, ref: DomainRef): number | null {
  return liveStatus(ref.name)?.controller.pid ?? null;
}

/** True if it has a stored definition. */
export function isPersistent(_connection: Connection, ref: DomainRef): boolean {
  return isDefined(ref.name);
}

/** True while it runs or is paused. */
export function isActive(_connection: Connection, ref: DomainRef): boolean {
  return liveStatus(ref.name) !== undefined;
}

/** The same, but for one that is just ending, or whose start was abandoned: it can be started as soon as that is over. */
export function isInService(_connection: Connection, ref: DomainRef): boolean {
  return liveStatus(ref.name)?.inService === true;
}
