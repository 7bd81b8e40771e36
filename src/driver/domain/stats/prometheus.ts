// Figures in Prometheus' text format (its page "Exposition formats"). What the exporters for libvirt have a name for has that name, with
// their labels; what only containers have begins with `libvirt_domain_lxc_`. Pure.
import { DOMAIN_STATES, stateNumber } from '../../../domain/state.ts';
import type { BlkioStats } from '../../../host/cgroup/blkio.ts';
import { PRESSURES } from '../../../host/cgroup/pressure.ts';
import { type DiskFigures, type DomainFigures, type InterfaceFigures, spareMemoryKiB } from './figures.ts';

type Value = number | bigint | string | undefined;
/** `labels`: beside that of the domain, each behind a comma. A value that is not known makes no sample. */
type Sample = readonly [labels: string, value: Value];

interface Family {
  name: string;
  help: string;
  samples: (figures: DomainFigures) => readonly Sample[];
}

/** All families of which there is anything to tell, each with its samples together. */
export function prometheusText(all: readonly DomainFigures[]): string {
  let text = family('libvirt_up', 'Whether the figures could be read.', 'gauge', 'libvirt_up 1\n');
  text += family('libvirt_domains', 'How many domains there are.', 'gauge', `libvirt_domains ${all.length}\n`);
  const domains = all.map((figures) => ({ figures, label: labelled('domain', figures.name) }));
  for (const { name, help, samples } of FAMILIES) {
    let lines = '';
    for (const { figures, label } of domains)
      for (const [labels, value] of samples(figures)) if (value !== undefined) lines += `${name}{${label}${labels}} ${value}\n`;
    // The end of a name says what it is, as Prometheus wants it.
    text += family(name, help, name.endsWith('_total') ? 'counter' : 'gauge', lines);
  }
  return text;
}

const family = (name: string, help: string, type: 'gauge' | 'counter', lines: string): string =>
  lines === '' ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;

const labelled = (name: string, value: string): string => `${name}="${escaped(value)}"`;

const escaped = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;

const targetLabel = (name: string): string => `,${labelled('target_device', name)}`;

const ofDomain =
  (value: (figures: DomainFigures) => Value) =>
  (figures: DomainFigures): Sample[] => [['', value(figures)]];

const ofDisks =
  (value: (disk: DiskFigures) => Value) =>
  ({ disks = [] }: DomainFigures): Sample[] =>
    disks.map((disk) => [targetLabel(disk.name), value(disk)]);

type Counters = NonNullable<InterfaceFigures['traffic']>['received'];
const ofInterfaces =
  (way: 'received' | 'sent', value: (counters: Counters) => Value) =>
  ({ interfaces = [] }: DomainFigures): Sample[] =>
    interfaces.map(({ name, traffic }) => [targetLabel(name), traffic && value(traffic[way])]);

const ofIo = (value: (io: BlkioStats) => Value) => ofDomain(({ io }) => io && value(io));

const ofPressure =
  (part: 'some' | 'full') =>
  ({ pressure }: DomainFigures): Sample[] =>
    PRESSURES.map((resource) => [`,resource="${resource}"`, seconds(pressure?.[resource]?.[part]?.totalUs, 6)]);

/** Memory is counted in KiB, and told in bytes. */
const bytes = (kib: number | undefined): Value => (kib === undefined ? undefined : kib * 1024);

/** A number of parts of a second, of which 10 to the power of `digits` are one, without loss. */
export function seconds(parts: bigint | undefined, digits: number): string | undefined {
  if (parts === undefined) return undefined;
  const all = parts.toString().padStart(digits + 1, '0');
  return `${all.slice(0, -digits)}.${all.slice(-digits)}`.replace(/\.?0+$/, '');
}

const nanoseconds = (ns: bigint | undefined): Value => seconds(ns, 9);

const LIST: readonly (readonly [name: string, help: string, samples: Family['samples']])[] = [
  ['info_meta', 'What a domain is called otherwise.', ({ uuid }) => [[`,${labelled('uuid', uuid)}`, 1]]],
  [
    'info_vstate',
    'State of a domain: 1 running, 3 paused, 5 shut off.',
    ofDomain(({ state }) => stateNumber(DOMAIN_STATES.find((known) => known === state)!)),
  ],
  ['info_maximum_memory_bytes', 'Memory that a domain may have at most.', ofDomain(({ memoryKiB }) => bytes(memoryKiB))],
  ['info_memory_usage_bytes', 'Memory that a domain uses, page cache included.', ofDomain(({ memory }) => bytes(memory?.usageKiB))],
  ['info_virtual_cpus', 'Virtual processors of a domain.', ofDomain(({ vcpus }) => vcpus.current)],
  ['info_cpu_time_seconds_total', 'Processor time that a domain had.', ofDomain(({ cpu }) => nanoseconds(cpu?.totalNs))],
  ['memory_stats_actual_balloon_bytes', 'Memory that a domain was given.', ofDomain(({ currentMemoryKiB }) => bytes(currentMemoryKiB))],
  ['memory_stats_available_bytes', 'Memory that a domain is limited to.', ofDomain(({ memory }) => bytes(memory?.limitKiB))],
  [
    'memory_stats_unused_bytes',
    'What a domain does not use of that.',
    ofDomain(({ memory }) => bytes(memory && spareMemoryKiB(memory)?.unused)),
  ],
  [
    'memory_stats_usable_bytes',
    'The same, and what of its page cache can be given up at once.',
    ofDomain(({ memory }) => bytes(memory && spareMemoryKiB(memory)?.usable)),
  ],
  ['memory_stats_disk_cache_bytes', "Page cache of a domain's files.", ofDomain(({ memory }) => bytes(memory?.cacheKiB))],
  ['memory_stats_rss_bytes', 'Memory of a domain that no file is behind.', ofDomain(({ memory }) => bytes(memory?.rssKiB))],
  ['memory_stats_major_fault_total', 'Page faults that something was read for.', ofDomain(({ memory }) => memory?.majorFaults)],
  ['memory_stats_minor_fault_total', 'Other page faults.', ofDomain(({ memory }) => memory?.minorFaults)],
  [
    'block_meta',
    'Where a disk comes from.',
    ({ disks = [] }) => disks.map(({ name, path = '' }) => [`${targetLabel(name)},${labelled('source_file', path)}`, 1]),
  ],
  ['block_stats_read_bytes_total', 'What a domain read from a disk.', ofDisks(({ io }) => io?.readBytes)],
  ['block_stats_read_requests_total', 'How often a domain read from a disk.', ofDisks(({ io }) => io?.readRequests)],
  [
    'block_stats_read_time_seconds_total',
    'Time that reading from a disk took, whoever read.',
    ofDisks(({ times }) => nanoseconds(times?.readNs)),
  ],
  ['block_stats_write_bytes_total', 'What a domain wrote to a disk.', ofDisks(({ io }) => io?.writeBytes)],
  ['block_stats_write_requests_total', 'How often a domain wrote to a disk.', ofDisks(({ io }) => io?.writeRequests)],
  [
    'block_stats_write_time_seconds_total',
    'Time that writing to a disk took, whoever wrote.',
    ofDisks(({ times }) => nanoseconds(times?.writeNs)),
  ],
  ['block_stats_flush_requests_total', 'How often a disk was flushed, by whomever.', ofDisks(({ times }) => times?.flushRequests)],
  ['block_stats_flush_time_seconds_total', 'Time that flushing a disk took.', ofDisks(({ times }) => nanoseconds(times?.flushNs))],
  ['block_stats_allocation', "Bytes that a disk takes of the host's storage.", ofDisks(({ sizes }) => sizes?.allocation)],
  ['block_stats_capacity_bytes', 'Size of a disk as the domain sees it.', ofDisks(({ sizes }) => sizes?.capacity)],
  ['block_stats_physicalsize_bytes', 'Size of the file or device behind a disk.', ofDisks(({ sizes }) => sizes?.physical)],
  ['interface_stats_receive_bytes_total', 'Bytes that a domain received.', ofInterfaces('received', (counters) => counters.bytes)],
  ['interface_stats_receive_packets_total', 'Packets that a domain received.', ofInterfaces('received', (counters) => counters.packets)],
  ['interface_stats_receive_errors_total', 'Errors while a domain received.', ofInterfaces('received', (counters) => counters.errors)],
  [
    'interface_stats_receive_drops_total',
    'Packets to a domain that were dropped.',
    ofInterfaces('received', (counters) => counters.dropped),
  ],
  ['interface_stats_transmit_bytes_total', 'Bytes that a domain sent.', ofInterfaces('sent', (counters) => counters.bytes)],
  ['interface_stats_transmit_packets_total', 'Packets that a domain sent.', ofInterfaces('sent', (counters) => counters.packets)],
  ['interface_stats_transmit_errors_total', 'Errors while a domain sent.', ofInterfaces('sent', (counters) => counters.errors)],
  ['interface_stats_transmit_drops_total', 'Packets of a domain that were dropped.', ofInterfaces('sent', (counters) => counters.dropped)],
  ['lxc_uptime_seconds', 'How long a domain has run.', ofDomain(({ uptimeMs }) => (uptimeMs === undefined ? undefined : uptimeMs / 1000))],
  ['lxc_cpu_user_seconds_total', 'Processor time outside of the kernel.', ofDomain(({ cpu }) => nanoseconds(cpu?.userNs))],
  ['lxc_cpu_system_seconds_total', 'Processor time in the kernel.', ofDomain(({ cpu }) => nanoseconds(cpu?.systemNs))],
  ['lxc_cpu_periods_total', 'Periods of a quota of processor time.', ofDomain(({ throttling }) => throttling?.periods)],
  ['lxc_cpu_throttled_periods_total', 'Those in which the quota was used up.', ofDomain(({ throttling }) => throttling?.throttled)],
  [
    'lxc_cpu_throttled_seconds_total',
    'How long processes waited for the next one.',
    ofDomain(({ throttling }) => nanoseconds(throttling?.throttledNs)),
  ],
  ['lxc_swap_bytes', 'What was moved to swap space.', ofDomain(({ memory }) => bytes(memory?.swapKiB))],
  ['lxc_oom_kills_total', 'Processes that the kernel killed for memory.', ofDomain(({ oomKills }) => oomKills)],
  ['lxc_pids', 'Processes and threads.', ofDomain(({ pids }) => pids?.current)],
  ['lxc_pids_limit', 'How many there may be.', ofDomain(({ pids }) => pids?.limit)],
  ['lxc_read_bytes_total', 'What was read from block devices of any kind.', ofIo((io) => io.readBytes)],
  ['lxc_read_requests_total', 'How often block devices were read.', ofIo((io) => io.readRequests)],
  ['lxc_write_bytes_total', 'What was written to block devices of any kind.', ofIo((io) => io.writeBytes)],
  ['lxc_write_requests_total', 'How often block devices were written.', ofIo((io) => io.writeRequests)],
  ['lxc_pressure_waiting_seconds_total', 'Time in which some processes waited.', ofPressure('some')],
  ['lxc_pressure_stalled_seconds_total', 'Time in which all processes waited.', ofPressure('full')],
];

const FAMILIES: readonly Family[] = LIST.map(([name, help, samples]) => ({ name: `libvirt_domain_${name}`, help, samples }));
