// All procedures of domains, networks, storage and the host but for those that every client begins with, each loaded with its kin by
// the first call of one of them: what a connection never asks for takes none of its memory.

import type { Procedure, Rest } from '../procedure.ts';

interface Group {
  readonly numbers: readonly number[];
  load(): Promise<Readonly<Record<number, Procedure>>>;
}

const group = (numbers: readonly number[], load: Group['load']): Group => ({ numbers, load });

/** The numbers are those of the tables that are loaded. */
export const groups: readonly Group[] = [
  group([8, 13, 14, 135, 160, 161, 174, 264, 265, 392], async () => (await import('./documents.ts')).documentProcedures),
  group([201, 309, 310], async () => (await import('./descriptors.ts')).descriptorProcedures),
  group([105, 106, 167, 168, 313, 314, 316, 317, 368, 369, 374, 375], async () => (await import('./events.ts')).eventProcedures),
  group([163, 164, 229, 263, 298, 337, 338, 349, 418, 442], async () => (await import('./guest.ts')).guestProcedures),
  group([5, 6, 7, 59, 101, 102, 203, 227, 228, 250, 288, 289, 293, 340, 342, 347], async () => (await import('./host.ts')).hostProcedures),
  group([126, 127, 128, 129, 130, 137, 138, 156, 284], async () => (await import('./host-devices.ts')).interfaceProcedures),
  group([111, 112, 113, 114, 115, 116, 117, 285, 433, 435, 436], async () => (await import('./host-devices.ts')).nodeDeviceProcedures),
  group(
    [9, 10, 11, 12, 27, 28, 33, 34, 35, 196, 231, 234, 258, 295, 350, 358, 390],
    async () => (await import('./lifecycle.ts')).lifecycleProcedures,
  ),
  group(
    [36, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 52, 152, 153, 283, 291, 341, 404, 405, 406, 407, 408, 409, 410, 432, 437],
    async () => (await import('./networks.ts')).networkProcedures,
  ),
  group(
    [139, 140, 141, 175, 178, 179, 286, 287, 380, 381, 397, 401],
    async () => (await import('./other-drivers.ts')).otherDriversProcedures,
  ),
  group([18, 20, 26, 32, 199, 200, 225, 230, 279, 280], async () => (await import('./processors.ts')).processorProcedures),
  group(
    [30, 31, 56, 57, 58, 197, 198, 204, 205, 206, 219, 223, 254, 255, 256, 257],
    async () => (await import('./resources.ts')).resourceProcedures,
  ),
  group([64, 65, 159, 194, 243, 262, 277, 344, 353], async () => (await import('./statistics.ts')).statisticsProcedures),
  group(
    [
      71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 125, 154,
      155, 165, 259, 260, 281, 282, 378, 391,
    ],
    async () => (await import('./storage.ts')).storageProcedures,
  ),
  group([208, 209], async () => (await import('./volume-streams.ts')).volumeStreamProcedures),
];

export const rest: Rest = {
  procedure: async (number) => (await groups.find(({ numbers }) => numbers.includes(number))?.load())?.[number],
  apiName: async (number) => (await import('./api-names.ts')).apiName(number),
};
