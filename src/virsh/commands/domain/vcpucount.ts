import type { VcpuCounts } from '../../../driver/domain/vcpus.ts';
import { libvirtError, withContext } from '../../../errors.ts';
import { configLiveCurrent, defineReading, domainOption, excludes, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const vcpucount = defineReading({
  name: 'vcpucount',
  group: 'domain',
  summary: "the number of processors in a domain's definition",
  description:
    'Prints the numbers in the <vcpu> element of a domain: all of them, or the one that is asked for. A container uses every ' +
    'processor that its cpuset allows, whatever the number.',
  options: [
    domainOption(),
    { name: 'maximum', type: 'bool', help: 'the most there can be' },
    { name: 'active', type: 'bool', help: 'as many as there are' },
    LIVE,
    CONFIG,
    CURRENT,
    { name: 'guest', type: 'bool', help: 'refused: containers have no agent to ask' },
  ],
  rules: [excludes('live', 'config'), excludes('active', 'maximum'), excludes('guest', 'config')],
  async read(context, args) {
    const domain = await findDomain(context, args);
    if (args.guest) {
      await withContext('Failed to retrieve vCPU count from the guest', () => {
        throw libvirtError('NO_SUPPORT', 'virDomainGetVcpusFlags');
      });
    }
    const { vcpuCounts } = await import('../../../driver/domain/vcpus.ts');
    const counts = await vcpuCounts(context.connection, domain);
    const of = args.live || (counts.active && !args.config) ? 'live' : 'config';
    if (args.maximum) return { isAlone: true, rows: [{ number: 'maximum', of, count: maximum(counts, args) }] };
    if (args.active || args.live || args.config || args.current)
      return { isAlone: true, rows: [{ number: 'current', of, count: current(counts, args) }] };
    return { isAlone: false, rows: everything(counts) };
  },
  text: ({ isAlone, rows }) =>
    isAlone
      ? `${rows[0]!.count}\n`
      : rows.map(({ number, of, count }) => `${number.padEnd(12)} ${of.padEnd(12)} ${String(count).padStart(3)}\n`).join(''),
  json: ({ rows }) => rows.map(({ number, of, count }) => ({ number, of, count })),
});

interface Which {
  readonly live: boolean;
  readonly config: boolean;
}

function maximum(counts: VcpuCounts, which: Which): number {
  if (which.live || (counts.active && !which.config)) throw libvirtError('NO_SUPPORT', 'virDomainGetMaxVcpus');
  return counts.maximum;
}

function current(counts: VcpuCounts, which: Which): number {
  return which.live || (counts.active && !which.config) ? counts.used : configured(counts);
}

function configured(counts: VcpuCounts): number {
  if (counts.configured === undefined) throw failure('Failed to retrieve current vcpu count');
  return counts.configured;
}

interface CountRow {
  readonly number: 'maximum' | 'current';
  readonly of: 'config' | 'live';
  readonly count: number;
}

function everything(counts: VcpuCounts): CountRow[] {
  const rows: CountRow[] = [];
  if (counts.persistent)
    rows.push({ number: 'maximum', of: 'config', count: counts.maximum }, { number: 'current', of: 'config', count: configured(counts) });
  if (counts.active) rows.push({ number: 'current', of: 'live', count: counts.used });
  return rows;
}
