import type { VcpuCounts } from '../../../driver/domain/vcpus.ts';
import { libvirtError, withContext } from '../../../errors.ts';
import { configLiveCurrent, defineCommand, domainOption, excludes, failure } from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();

export const vcpucount = defineCommand({
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
  async run(context, args) {
    const domain = await findDomain(context, args);
    if (args.guest) {
      await withContext('Failed to retrieve vCPU count from the guest', () => {
        throw libvirtError('NO_SUPPORT', 'virDomainGetVcpusFlags');
      });
    }
    const { vcpuCounts } = await import('../../../driver/domain/vcpus.ts');
    const counts = await vcpuCounts(context.connection, domain);
    if (args.maximum) context.print(`${maximum(counts, args)}\n`);
    else if (args.active || args.live || args.config || args.current) context.print(`${current(counts, args)}\n`);
    else context.print(everything(counts));
  },
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

function everything(counts: VcpuCounts): string {
  const rows: [string, string, number][] = [];
  if (counts.persistent) rows.push(['maximum', 'config', counts.maximum], ['current', 'config', configured(counts)]);
  if (counts.active) rows.push(['current', 'live', counts.used]);
  return rows.map(([what, where, count]) => `${what.padEnd(12)} ${where.padEnd(12)} ${String(count).padStart(3)}\n`).join('');
}
