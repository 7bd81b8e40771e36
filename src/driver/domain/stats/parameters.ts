// Figures under the names that virConnectGetAllDomainStats has for them, in its order. Pure.
import { DOMAIN_STATES, reasonNumber, stateNumber } from '../../../domain/state.ts';
import { PRESSURES } from '../../../host/cgroup/pressure.ts';
import { type DiskFigures, type DomainFigures, type InterfaceFigures, type StatsGroup, spareMemoryKiB } from './figures.ts';

/** A number that may have a fraction is kept apart: it is printed in other words. */
export type ParameterValue = number | bigint | string | { readonly double: number };

/** Takes one parameter; undefined is what the kernel does not tell, and is to be left out. */
export type AddParameter = (key: string, value: ParameterValue | undefined) => void;

/** Tells the parameters of `groups`, and of no others. */
export function statsParameters(figures: DomainFigures, groups: readonly StatsGroup[], add: AddParameter): void {
  for (const group of groups) BY_GROUP[group](figures, add);
}

/** A vCPU that runs (virVcpuState). */
const VCPU_RUNNING = 1;

const BY_GROUP: Record<StatsGroup, (figures: DomainFigures, add: AddParameter) => void> = {
  state({ state, reason }, add) {
    const name = DOMAIN_STATES.find((known) => known === state)!;
    add('state.state', stateNumber(name));
    add('state.reason', reasonNumber(name, reason.replace('-', ' ')));
  },
  'cpu-total'({ cpu }, add) {
    if (!cpu) return;
    add('cpu.time', cpu.totalNs);
    add('cpu.user', cpu.userNs);
    add('cpu.system', cpu.systemNs);
  },
  balloon({ currentMemoryKiB, memoryKiB, memory }, add) {
    add('balloon.current', currentMemoryKiB);
    add('balloon.maximum', memoryKiB);
    if (!memory) return;
    const spare = spareMemoryKiB(memory);
    add('balloon.major_fault', memory.majorFaults);
    add('balloon.minor_fault', memory.minorFaults);
    add('balloon.unused', spare?.unused);
    add('balloon.available', memory.limitKiB);
    add('balloon.usable', spare?.usable);
    add('balloon.disk_caches', memory.cacheKiB);
    add('balloon.rss', memory.rssKiB);
    // Not libvirt's: what dommemstat calls rss, and what was moved to swap space.
    add('balloon.usage', memory.usageKiB);
    add('balloon.swap', memory.swapKiB);
  },
  vcpu({ vcpus, id }, add) {
    add('vcpu.current', vcpus.current);
    add('vcpu.maximum', vcpus.maximum);
    if (id !== null) for (let n = 0; n < vcpus.current; n++) add(`vcpu.${n}.state`, VCPU_RUNNING);
  },
  interface({ interfaces }, add) {
    if (!interfaces) return;
    add('net.count', interfaces.length);
    interfaces.forEach((device, n) => {
      interfaceParameters(device, `net.${n}`, add);
    });
  },
  block({ disks }, add) {
    if (!disks) return;
    add('block.count', disks.length);
    disks.forEach((disk, n) => {
      diskParameters(disk, `block.${n}`, add);
    });
  },
  perf() {},
  iothread() {},
  memory() {},
  dirtyrate() {},
  vm: vmParameters,
};

function interfaceParameters({ name, traffic }: InterfaceFigures, place: string, add: AddParameter): void {
  add(`${place}.name`, name);
  if (!traffic) return;
  const { received, sent } = traffic;
  for (const [way, counters] of [
    [`${place}.rx`, received],
    [`${place}.tx`, sent],
  ] as const) {
    add(`${way}.bytes`, counters.bytes);
    add(`${way}.pkts`, counters.packets);
    add(`${way}.errs`, counters.errors);
    add(`${way}.drop`, counters.dropped);
  }
}

function diskParameters({ name, path, io, times, sizes }: DiskFigures, place: string, add: AddParameter): void {
  add(`${place}.name`, name);
  add(`${place}.path`, path);
  add(`${place}.rd.reqs`, io?.readRequests);
  add(`${place}.rd.bytes`, io?.readBytes);
  add(`${place}.rd.times`, times?.readNs);
  add(`${place}.wr.reqs`, io?.writeRequests);
  add(`${place}.wr.bytes`, io?.writeBytes);
  add(`${place}.wr.times`, times?.writeNs);
  add(`${place}.fl.reqs`, times?.flushRequests);
  add(`${place}.fl.times`, times?.flushNs);
  add(`${place}.allocation`, sizes?.allocation);
  add(`${place}.capacity`, sizes?.capacity);
  add(`${place}.physical`, sizes?.physical);
}

/** What only this driver has; libvirt keeps the group for that, and ends each name in `cur`, `max` or `sum`. */
function vmParameters({ uptimeMs, pids, throttling, oomKills, memory, io, pressure }: DomainFigures, add: AddParameter): void {
  add('vm.uptime.cur', uptimeMs === undefined ? undefined : Math.floor(uptimeMs / 1000));
  add('vm.pids.cur', pids?.current);
  add('vm.pids_limit.cur', pids?.limit);
  add('vm.memory_limit.cur', memory?.limitKiB);
  add('vm.oom_kills.sum', oomKills);
  if (throttling) {
    add('vm.cpu_periods.sum', throttling.periods);
    add('vm.cpu_throttled.sum', throttling.throttled);
    add('vm.cpu_throttled_time.sum', throttling.throttledNs);
  }
  if (io) {
    add('vm.block_rd_reqs.sum', io.readRequests);
    add('vm.block_rd_bytes.sum', io.readBytes);
    add('vm.block_wr_reqs.sum', io.writeRequests);
    add('vm.block_wr_bytes.sum', io.writeBytes);
  }
  if (!pressure) return;
  for (const kind of PRESSURES) {
    const stalls = pressure[kind];
    for (const part of ['some', 'full'] as const) {
      const stall = stalls?.[part];
      if (!stall) continue;
      add(`vm.pressure_${kind}_${part}_avg10.cur`, { double: stall.avg10 });
      add(`vm.pressure_${kind}_${part}.sum`, stall.totalUs);
    }
  }
}
