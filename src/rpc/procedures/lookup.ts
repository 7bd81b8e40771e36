// Domains listed and found.

import type { Connection } from '../../driver/connection.ts';
import type { DomainSummary } from '../../driver/domain/lookup.ts';
import { findByUuid, listDomains, lookupDomain } from '../../driver/domain/lookup.ts';
import { libvirtError } from '../../errors.ts';
import { attempt } from '../../host/attempt.ts';
import { onlyFlags } from '../flags.ts';
import { call, type Procedure } from '../procedure.ts';
import { DOMAIN_LIST_MAX, domain, domains, names, uuid, type WireDomain } from '../types.ts';
import { array, int, nothing, string, struct, uint } from '../xdr.ts';
import { currentDomain, wireDomain } from './domain-of.ts';

/** virConnectListAllDomainsFlags: each group is a choice; all or none of a group chosen is no choice. */
const ACTIVE = 1;
const INACTIVE = 2;
type Test = (domain: DomainSummary) => boolean;
const GROUPS: readonly (readonly [bit: number, test: Test][])[] = [
  [
    [ACTIVE, ({ id }) => id !== null],
    [INACTIVE, ({ id }) => id === null],
  ],
  [
    [4, ({ persistent }) => persistent],
    [8, ({ persistent }) => !persistent],
  ],
  [
    [16, ({ state }) => state === 'running'],
    [32, ({ state }) => state === 'paused'],
    [64, ({ state }) => state === 'shut off'],
    [128, () => false],
  ],
  // Saved states, snapshots and checkpoints: a container has none.
  [
    [256, () => false],
    [512, () => true],
  ],
  [
    [1024, ({ autostart }) => autostart],
    [2048, ({ autostart }) => !autostart],
  ],
  [
    [4096, () => false],
    [8192, () => true],
  ],
  [
    [16384, () => false],
    [32768, () => true],
  ],
];
const ALL_FILTERS = 0xffff;

/** Those that pass: of each group in which something is chosen, one of what is. */
export function filtered(all: readonly DomainSummary[], flags: number): DomainSummary[] {
  const chosen = GROUPS.map((group) => group.filter(([bit]) => flags & bit)).filter((tests) => tests.length > 0);
  return all.filter((one) => chosen.every((tests) => tests.some(([, test]) => test(one))));
}

async function ofState(connection: Connection, active: boolean): Promise<DomainSummary[]> {
  return await listDomains(connection, { active, inactive: !active });
}

/** A client calls it by its uuid, which one that is damaged has not. */
function named(one: DomainSummary): WireDomain[] {
  const id = attempt(() => one.uuid);
  return id ? [wireDomain({ name: one.name, uuid: id }, one.id)] : [];
}

export const lookupProcedures: Readonly<Record<number, Procedure>> = {
  273: call(struct({ wanted: int, flags: uint }), struct({ domains, count: uint }), async (connection, { wanted, flags }) => {
    onlyFlags(flags, ALL_FILTERS, 'lxcConnectListAllDomains');
    const all = (flags & (ACTIVE | INACTIVE)) === 0;
    const listed = await listDomains(connection, { active: all || (flags & ACTIVE) !== 0, inactive: all || (flags & INACTIVE) !== 0 });
    const passed = filtered(listed, flags).flatMap(named);
    return { domains: wanted ? passed : [], count: passed.length };
  }),
  51: call(nothing, struct({ count: int }), async (connection) => ({ count: (await ofState(connection, true)).length })),
  37: call(struct({ most: int }), struct({ ids: array(int, DOMAIN_LIST_MAX) }), async (connection, { most }) => ({
    ids: (await ofState(connection, true)).flatMap(({ id }) => id ?? []).slice(0, Math.max(0, most)),
  })),
  25: call(nothing, struct({ count: int }), async (connection) => ({ count: (await ofState(connection, false)).length })),
  21: call(struct({ most: int }), struct({ names }), async (connection, { most }) => ({
    names: (await ofState(connection, false)).map(({ name }) => name).slice(0, Math.max(0, most)),
  })),
  22: call(struct({ id: int }), struct({ domain }), (connection, { id }) => {
    const found = lookupDomain(connection, String(id), ['id']);
    return { domain: currentDomain(connection, found) };
  }),
  23: call(struct({ name: string }), struct({ domain }), (connection, { name }) => {
    const found = lookupDomain(connection, name, ['name']);
    return { domain: currentDomain(connection, found) };
  }),
  24: call(struct({ uuid }), struct({ domain }), (connection, { uuid: wanted }) => {
    const found = findByUuid(wanted);
    if (!found) throw libvirtError('NO_DOMAIN', `no domain with matching uuid '${wanted}'`);
    return { domain: currentDomain(connection, found) };
  }),
};
