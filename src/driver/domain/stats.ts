// Statistics of many domains in one call: domstats (virConnectGetAllDomainStats, virDomainListGetStats).

import { libvirtError } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { collectFigures, type StatsRequest } from './stats/collect.ts';
import { DEFAULT_GROUPS, type DomainFigures, partsOf, STATS_GROUPS, type StatsGroup, SUPPORTED_GROUPS } from './stats/figures.ts';

export interface DomainStatsRequest extends Omit<StatsRequest, 'parts'> {
  /** None: DEFAULT_GROUPS. */
  groups: readonly StatsGroup[];
  /** A group that containers have nothing of is a mistake. */
  enforce: boolean;
}

/** Of each domain what `groups` are about; statsParameters() names the figures. */
export interface DomainStats {
  groups: readonly StatsGroup[];
  domains: DomainFigures[];
}

/** Throws ARGUMENT_UNSUPPORTED with the bits of groups that containers have nothing of, if that is to be enforced. */
export async function domainStats(connection: Connection, request: DomainStatsRequest): Promise<DomainStats> {
  requireBeyondLibvirt(request.domains ? 'virDomainListGetStats' : 'virConnectGetAllDomainStats');
  if (request.enforce) requireSupported(request.groups);
  const groups = request.groups.length === 0 ? DEFAULT_GROUPS : request.groups;
  return { groups, domains: await collectFigures(connection, { ...request, parts: partsOf(groups) }) };
}

function requireSupported(asked: readonly StatsGroup[]): void {
  const missing = asked.filter((group) => !SUPPORTED_GROUPS.includes(group));
  const bits = missing.reduce((sum, group) => sum + 2 ** STATS_GROUPS.indexOf(group), 0);
  if (bits > 0) throw libvirtError('ARGUMENT_UNSUPPORTED', `Stats types bits 0x${bits.toString(16)} are not supported by this daemon`);
}

/** Of all domains, with what only containers have: for what watches them. */
export const allFigures = (connection: Connection): Promise<DomainFigures[]> =>
  collectFigures(connection, { parts: partsOf(SUPPORTED_GROUPS) });
