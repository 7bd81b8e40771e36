// Commands about a domain's memory: limits and sizes.

import type { MemoryLimitChanges } from '../../../driver/domain/memory.ts';
import { inContext, withContext } from '../../../errors.ts';
import { bytesOfKiB } from '../../../values/units.ts';
import { parseScaled } from '../../../vsh/scaled.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineCommand, defineReading, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

/** memtune's sizes: kibibytes unless a suffix says otherwise; -1 is no limit. They are numbers to `help`, words to the parser. */
const limit = <const Name extends string>(name: Name, help: string) =>
  ({ name, type: 'string', valueWord: 'number', emptyAllowed: true, help }) as const;

export const memtune = defineReading({
  name: 'memtune',
  group: 'domain',
  summary: 'memory limits of a domain',
  description:
    'Prints the memory limits of a domain, or changes those that are given. Sizes are in KiB unless they have a suffix; ' +
    '-1 takes a limit away. A hard limit is enforced, a soft one when the host runs short; the one of swap is about memory and swap together.',
  options: [
    domainOption(),
    limit('hard-limit', 'the most memory the domain can have'),
    limit('soft-limit', 'what it is pushed back to when the host runs short'),
    limit('swap-hard-limit', 'the most memory and swap together'),
    limit('min-guarantee', 'refused: containers have no guaranteed memory'),
    ...configLiveCurrent(),
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['hard-limit', 'soft-limit', 'swap-hard-limit', 'min-guarantee'],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const changes: MemoryLimitChanges = {};
    const take = (name: keyof MemoryLimitChanges, option: string, word: string | undefined) => {
      if (word !== undefined) changes[name] = limitKiB(option, word);
    };
    take('hardLimitKiB', 'hard-limit', args['hard-limit']);
    take('softLimitKiB', 'soft-limit', args['soft-limit']);
    take('swapHardLimitKiB', 'swap-hard-limit', args['swap-hard-limit']);
    take('minGuaranteeKiB', 'min-guarantee', args['min-guarantee']);
    const { memoryLimits, setMemoryLimits } = await import('../../../driver/domain/memory.ts');
    if (Object.keys(changes).length > 0) {
      await withContext('Unable to change memory parameters', () =>
        setMemoryLimits(context.connection, domain, changes, args, context.onWarning),
      );
      return undefined;
    }
    return await withContext('Unable to get number of memory parameters', () => memoryLimits(context.connection, domain, args));
  },
  text: (limits) =>
    limitLine('hard_limit', limits.hardLimitKiB) +
    limitLine('soft_limit', limits.softLimitKiB) +
    limitLine('swap_hard_limit', limits.swapHardLimitKiB),
  json: ({ hardLimitKiB, softLimitKiB, swapHardLimitKiB }) => ({
    hard_limit_bytes: bytesOfKiB(hardLimitKiB),
    soft_limit_bytes: bytesOfKiB(softLimitKiB),
    swap_hard_limit_bytes: bytesOfKiB(swapHardLimitKiB),
  }),
});

const UNLIMITED_KIB = 9007199254740991;
const MAX_BYTES = 2n ** 63n - 1n;

function limitKiB(option: string, word: string): number {
  const malformed = `Unable to parse integer parameter ${option}`;
  if (/^\s*-\d+/.test(word)) return UNLIMITED_KIB;
  let bytes: bigint | undefined;
  try {
    bytes = parseScaled(word, 1024n, MAX_BYTES);
  } catch (error) {
    throw inContext(malformed, error);
  }
  if (bytes === undefined) throw failure(malformed);
  return toKiB(bytes);
}

const limitLine = (name: string, kib: number | undefined): string => `${name.padEnd(15)}: ${kib === undefined ? 'unlimited' : kib}\n`;

function toKiB(bytes: bigint): number {
  return Number((bytes + 1023n) / 1024n);
}

const SIZE = {
  name: 'size',
  type: 'scaled',
  required: true,
  aliases: ['kilobytes'],
  help: 'the new size; in KiB without a suffix',
} as const;

export const setmem = defineCommand({
  name: 'setmem',
  group: 'domain',
  summary: 'change how much memory a domain may use',
  description:
    'Changes the limit of the memory that the domain uses, at most to its maximum (see setmaxmem). Without an option only the running domain is affected.',
  options: [domainOption(), SIZE, ...configLiveCurrent()],
  rules: CURRENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const memoryKiB = toKiB(args.size);
    const { config, current } = args;
    const { setMemory } = await import('../../../driver/domain/memory.ts');
    await setMemory(context.connection, domain, memoryKiB, {
      config,
      live: args.live || !(config || current),
      onWarning: context.onWarning,
    });
  },
});

export const setmaxmem = defineCommand({
  name: 'setmaxmem',
  group: 'domain',
  summary: 'change the maximum that setmem can give a domain',
  description:
    "Changes the domain's maximum memory, and its current memory with it where that would exceed the maximum. Not while it runs, except in the stored definition.",
  options: [domainOption(), SIZE, ...configLiveCurrent()],
  rules: CURRENT_EXCLUDES,
  async run(context, args) {
    const domain = await findDomain(context, args);
    const memoryKiB = toKiB(args.size);
    const { config, live } = args;
    const { setMemory } = await import('../../../driver/domain/memory.ts');
    await withContext('Unable to change MaxMemorySize', () =>
      setMemory(context.connection, domain, memoryKiB, { config, live, maximum: true }),
    );
  },
});
