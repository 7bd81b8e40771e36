import { NODE_MASK_BITS, NUMA_MODES } from '../../../domain/elements/numatune.ts';
import type { NumaChanges } from '../../../driver/domain/numa.ts';
import { inContext, withContext } from '../../../errors.ts';
import { formatBitmap, parseBitmap } from '../../../values/bitmap.ts';
import { CURRENT_EXCLUDES, configLiveCurrent, defineReading, domainOption, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const numatune = defineReading({
  name: 'numatune',
  group: 'domain',
  summary: "the host's memory nodes that a domain has",
  description:
    'Prints from which of the memory nodes of the host a container is given memory, or sets that. While it runs only the nodes can be ' +
    'changed, and only in the mode strict. libvirt has this for virtual machines only.',
  options: [
    domainOption(),
    { name: 'mode', type: 'string', completes: NUMA_MODES, help: 'strict, preferred, interleave or restrictive' },
    { name: 'nodeset', type: 'string', help: 'nodes as a list, 0-3,^2' },
    CONFIG,
    LIVE,
    CURRENT,
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['mode', 'nodeset'],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const changes: NumaChanges = {};
    if (args.nodeset !== undefined) changes.numa_nodeset = nodes(args.nodeset);
    if (args.mode !== undefined) {
      if (!isMode(args.mode) && !/^\d$/.test(args.mode)) throw failure(`Invalid mode: ${args.mode}`);
      changes.numa_mode = isMode(args.mode) ? args.mode : NUMA_MODES[Number(args.mode)];
    }
    const { numaParameters, setNumaParameters } = await import('../../../driver/domain/numa.ts');
    if (Object.keys(changes).length > 0) {
      await withContext('Unable to change numa parameters', () => setNumaParameters(context.connection, domain, changes, args));
      return undefined;
    }
    return await withContext('Unable to get number of memory parameters', () => numaParameters(context.connection, domain, args));
  },
  text: (parameters) =>
    Object.entries(parameters)
      .map(([name, value]) => `${name.padEnd(15)}: ${value}\n`)
      .join(''),
  json: ({ numa_mode, numa_nodeset }) => ({ numa_mode, numa_nodeset: numa_nodeset || null }),
});

const isMode = (word: string): word is (typeof NUMA_MODES)[number] => NUMA_MODES.some((mode) => mode === word);

function nodes(text: string): string {
  try {
    return formatBitmap(parseBitmap(text, NODE_MASK_BITS));
  } catch (error) {
    throw inContext('Unable to change numa parameters', error);
  }
}
