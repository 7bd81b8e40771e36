// CPU shares and bandwidth of a domain: schedinfo.

import { cgroupOf } from '../../container/definitions.ts';
import type { Cputune, DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { changeCpuTuning, readCpuTuning } from '../../host/cgroup/cpu.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { type Affect, affected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

/** Times in microseconds; 0 in a stored definition means that nothing is set. */
export interface SchedulerParameters {
  cpu_shares: bigint;
  vcpu_period: bigint;
  /** Negative: unlimited. */
  vcpu_quota: bigint;
}

export const SCHEDULER_PARAMETERS = ['cpu_shares', 'vcpu_period', 'vcpu_quota'] as const satisfies readonly (keyof SchedulerParameters)[];

/** virDomainGetSchedulerParametersFlags: of the stored definition, or as the running domain's cgroup has them. */
export function schedulerParameters(connection: Connection, ref: DomainRef, affect: Affect): SchedulerParameters {
  const image = readDomain(connection, ref);
  const { definition, isLive } = queried(image, affect);
  if (isLive) {
    const { shares, periodUs, quotaUs } = readCpuTuning(cgroupOf(image));
    return { cpu_shares: shares, vcpu_period: periodUs, vcpu_quota: quotaUs };
  }
  const { shares = 0, periodUs = 0, quotaUs = 0 } = definition.cputune;
  return { cpu_shares: BigInt(shares), vcpu_period: BigInt(periodUs), vcpu_quota: BigInt(quotaUs) };
}

/** Throws INVALID_ARG for a value out of range, SYSTEM_ERROR from the cgroup. A period or quota of 0 changes nothing that runs. */
export function setSchedulerParameters(
  connection: Connection,
  ref: DomainRef,
  changes: Partial<SchedulerParameters>,
  affect: Affect,
): void {
  requireWritable(connection, 'virDomainSetSchedulerParameters');
  changeDomain(connection, ref, (image) => {
    const { live, config } = affected(image, affect);
    checkRanges(changes);
    if (live) {
      const { cpu_shares: shares, vcpu_period: periodUs, vcpu_quota: quotaUs } = changes;
      changeCpuTuning(cgroupOf(image), { shares, periodUs: periodUs || undefined, quotaUs: quotaUs || undefined });
    }
    return {
      ...(live && { live: changed(image.live!, changes, { zeroMeansUnset: false }) }),
      ...(config && { config: changed(image.config!, changes, { zeroMeansUnset: true }) }),
    };
  });
}

const SHARES_RANGE = [2n, 262144n] as const;
const PERIOD_RANGE = [1000n, 1000000n] as const;
const QUOTA_RANGE = [1000n, 17592186044415n] as const;

function checkRanges({ cpu_shares: shares, vcpu_period: period = 0n, vcpu_quota: quota = 0n }: Partial<SchedulerParameters>): void {
  const outside = (value: bigint, [least, most]: readonly [bigint, bigint]) => value < least || value > most;
  if (shares !== undefined && outside(shares, SHARES_RANGE)) {
    throw libvirtError('INVALID_ARG', `shares '${shares}' must be in range [${SHARES_RANGE.join(', ')}]`);
  }
  if (period !== 0n && outside(period, PERIOD_RANGE)) {
    throw libvirtError('INVALID_ARG', `cfs_period '${period}' must be in range (${PERIOD_RANGE.join(', ')})`);
  }
  if (quota > 0n && outside(quota, QUOTA_RANGE)) {
    throw libvirtError('INVALID_ARG', `cfs_quota '${quota}' must be in range (${QUOTA_RANGE.join(', ')})`);
  }
}

const FIELDS = { cpu_shares: 'shares', vcpu_period: 'periodUs', vcpu_quota: 'quotaUs' } as const satisfies Record<
  keyof SchedulerParameters,
  keyof Cputune
>;

function changed(
  definition: DomainDefinition,
  changes: Partial<SchedulerParameters>,
  { zeroMeansUnset }: { zeroMeansUnset: boolean },
): DomainDefinition {
  const cputune = { ...definition.cputune };
  for (const name of SCHEDULER_PARAMETERS) {
    const value = changes[name];
    if (value === undefined) continue;
    if (value !== 0n) cputune[FIELDS[name]] = Number(value);
    else if (zeroMeansUnset) delete cputune[FIELDS[name]];
  }
  return { ...definition, cputune };
}
