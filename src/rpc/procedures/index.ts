// All procedures, by libvirt's numbers.

import type { Procedure, Program } from '../procedure.ts';
import { apiName } from './api-names.ts';
import { connectProcedures } from './connect.ts';
import { documentProcedures } from './documents.ts';
import { domainInfoProcedures } from './domain-info.ts';
import { hostProcedures } from './host.ts';
import { lifecycleProcedures } from './lifecycle.ts';
import { lookupProcedures } from './lookup.ts';
import { networkProcedures } from './networks.ts';
import { processorProcedures } from './processors.ts';
import { resourceProcedures } from './resources.ts';
import { statisticsProcedures } from './statistics.ts';

const REMOTE = 0x20008086;

const table = (...groups: readonly Readonly<Record<number, Procedure>>[]): ReadonlyMap<number, Procedure> =>
  new Map(groups.flatMap((group) => Object.entries(group).map(([number, procedure]) => [Number(number), procedure] as const)));

export const programs: readonly Program[] = [
  {
    number: REMOTE,
    version: 1,
    procedures: table(
      connectProcedures,
      hostProcedures,
      lookupProcedures,
      domainInfoProcedures,
      lifecycleProcedures,
      documentProcedures,
      resourceProcedures,
      processorProcedures,
      statisticsProcedures,
      networkProcedures,
    ),
    apiName,
  },
];
