// All procedures of domains, networks, storage and the host but for those that every client begins with.

import { descriptorProcedures } from './descriptors.ts';
import { documentProcedures } from './documents.ts';
import { eventProcedures } from './events.ts';
import { guestProcedures } from './guest.ts';
import { hostProcedures } from './host.ts';
import { interfaceProcedures, nodeDeviceProcedures } from './host-devices.ts';
import { lifecycleProcedures } from './lifecycle.ts';
import { networkProcedures } from './networks.ts';
import { otherDriversProcedures } from './other-drivers.ts';
import { processorProcedures } from './processors.ts';
import { resourceProcedures } from './resources.ts';
import { statisticsProcedures } from './statistics.ts';
import { storageProcedures } from './storage.ts';
import { tableOf } from './table.ts';
import { volumeStreamProcedures } from './volume-streams.ts';

export { apiName } from './api-names.ts';

export const procedures = tableOf(
  hostProcedures,
  lifecycleProcedures,
  documentProcedures,
  resourceProcedures,
  processorProcedures,
  statisticsProcedures,
  guestProcedures,
  networkProcedures,
  storageProcedures,
  volumeStreamProcedures,
  nodeDeviceProcedures,
  interfaceProcedures,
  otherDriversProcedures,
  eventProcedures,
  descriptorProcedures,
);
