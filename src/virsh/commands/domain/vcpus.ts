import { inContext, LibvirtError, libvirtError } from '../../../errors.ts';
import { formatBitmap, parseBitmap } from '../../../values/bitmap.ts';
import { formatTable } from '../../../vsh/table.ts';
import {
  CURRENT_EXCLUDES,
  configLiveCurrent,
  defineCommand,
  defineReading,
  domainOption,
  excludes,
  failure,
  needs,
} from '../../command.ts';
import { findDomain } from '../lookup.ts';

const [CONFIG, LIVE, CURRENT] = configLiveCurrent();
const CPU_MASK_BITS = 1024;
/** What libvirt's older functions without flags mean. */
const RUNNING = { live: true } as const;
/** As a definition has them. */
const MOST_CPUS = 16384;

export const setvcpus = defineCommand({
  name: 'setvcpus',
  group: 'domain',
  summary: 'how many processors a domain has the time of',
  description:
    'Gives a container as much processor time as this number of processors has, wherever it runs; as much as there is where the number ' +
    'is the greatest that its <vcpu> allows. A quota in its <cputune> goes. libvirt has this for virtual machines only.',
  options: [
    domainOption(),
    { name: 'count', type: 'int', required: true, unsigned: true, help: 'number of processors' },
    { name: 'maximum', type: 'bool', help: 'set the greatest number instead, from the next start on' },
    CONFIG,
    LIVE,
    CURRENT,
    { name: 'guest', type: 'bool', help: 'refused: containers have no agent to ask' },
    { name: 'hotpluggable', type: 'bool', help: 'taken for compatibility, without effect' },
  ],
  rules: [...CURRENT_EXCLUDES, excludes('guest', 'config'), needs('maximum', 'config')],
  async run(context, args) {
    const domain = await findDomain(context, args);
    if (args.count === 0) throw failure("Can't set 0 processors for a VM");
    const { setVcpus } = await import('../../../driver/domain/vcpus.ts');
    const hasFlags = args.config || args.live || args.current || args.guest || args.hotpluggable;
    await setVcpus(
      context.connection,
      domain,
      args.count,
      hasFlags ? args : RUNNING,
      hasFlags ? 'virDomainSetVcpusFlags' : 'virDomainSetVcpus',
    );
  },
});

export const vcpupin = defineReading({
  name: 'vcpupin',
  group: 'domain',
  summary: 'the processors of the host that a domain may run on',
  description:
    'Prints on which processors of the host each virtual processor of a domain may run, or pins one. A container, which has none of ' +
    'them, may run wherever one of them may. libvirt has this for virtual machines only.',
  options: [
    domainOption(),
    { name: 'vcpu', type: 'int', unsigned: true, help: 'number of a virtual processor' },
    { name: 'cpulist', type: 'string', emptyAllowed: true, help: 'processors of the host, 0-3,^2, or r for all' },
    CONFIG,
    LIVE,
    CURRENT,
  ],
  rules: [...CURRENT_EXCLUDES, excludes('live', 'config')],
  changedBy: ['cpulist'],
  async read(context, args) {
    if (args.cpulist !== undefined && args.vcpu === undefined) throw failure('vcpupin: Missing vCPU number in pin mode.');
    const domain = await findDomain(context, args);
    const driver = await import('../../../driver/domain/vcpus.ts');
    if (args.cpulist !== undefined) {
      const pin = { vcpu: args.vcpu!, cpus: cpuList(args.cpulist) };
      const hasFlags = args.config || args.live || args.current;
      await driver.pinVcpu(
        context.connection,
        domain,
        pin,
        hasFlags ? args : RUNNING,
        hasFlags ? 'virDomainPinVcpuFlags' : 'virDomainPinVcpu',
      );
      return undefined;
    }
    const { active, maximum } = await driver.vcpuCounts(context.connection, domain);
    if (args.live && !active) throw failure('cannot get vcpupin for offline domain');
    if (!active && args.vcpu !== undefined && args.vcpu >= maximum)
      throw failure(`vcpu ${args.vcpu} is out of range of persistent cpu count ${maximum}`);
    const pins = await affinities(() => driver.vcpuAffinities(context.connection, domain, args), { isStored: !active || args.config });
    if (!pins) return undefined;
    if (args.vcpu !== undefined && args.vcpu >= pins.length)
      throw failure(`vcpu ${args.vcpu} is out of range of ${active ? 'live' : 'persistent'} cpu count ${pins.length}`);
    return [...pins.entries()].filter(([number]) => args.vcpu === undefined || number === args.vcpu);
  },
  text: (pins, _args, { settings }) =>
    formatTable(
      settings.quiet ? undefined : ['VCPU', 'CPU Affinity'],
      pins.map(([number, cpus]) => [String(number), cpus]),
    ),
  json: (pins) => pins.map(([vcpu, cpus]) => ({ vcpu, affinity: parseBitmap(cpus, MOST_CPUS) })),
});

export const emulatorpin = defineReading({
  name: 'emulatorpin',
  group: 'domain',
  summary: 'the processors of the host that the controller of a domain may run on',
  description:
    "Prints on which processors of the host a domain's controller may run, or pins it. The processes of the container are not pinned by " +
    'it. libvirt has this for virtual machines only.',
  options: [
    domainOption(),
    { name: 'cpulist', type: 'string', emptyAllowed: true, help: 'processors of the host, 0-3,^2, or r for all' },
    CONFIG,
    LIVE,
    CURRENT,
  ],
  rules: CURRENT_EXCLUDES,
  changedBy: ['cpulist'],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const driver = await import('../../../driver/domain/vcpus.ts');
    if (args.cpulist !== undefined) {
      const cpus = cpuList(args.cpulist);
      const hasFlags = args.config || args.live || args.current;
      await driver.pinEmulator(context.connection, domain, cpus, hasFlags ? args : RUNNING);
      return undefined;
    }
    if (args.live && args.config) throw failure("Flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive");
    return await driver.emulatorAffinity(context.connection, domain, args);
  },
  text: (cpus, _args, { settings }) => (settings.quiet ? '' : `emulator: CPU Affinity\n${'-'.repeat(34)}\n       *: ${cpus}\n`),
  json: (cpus) => ({ affinity: parseBitmap(cpus, MOST_CPUS) }),
});

/** Where the driver does not tell, virsh says nothing of a stored definition, and speaks of another function for a running domain. */
async function affinities(ask: () => string[] | Promise<string[]>, { isStored }: { isStored: boolean }): Promise<string[] | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.code !== 'NO_SUPPORT') throw error;
    if (isStored) return undefined;
    throw inContext('cannot get vcpupin for transient domain', libvirtError('NO_SUPPORT', 'virDomainGetMaxVcpus'));
  }
}

/** Undefined: all. */
function cpuList(text: string): string | undefined {
  if (text === 'r') return undefined;
  try {
    return formatBitmap(parseBitmap(text, CPU_MASK_BITS));
  } catch (error) {
    throw inContext(`Invalid cpulist '${text}'`, error);
  }
}
