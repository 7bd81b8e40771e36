// How many processors a domain's XML speaks of: vcpucount. To a container the number means nothing.

import type { DomainRef } from '../../domain/ref.ts';
import type { Connection } from '../connection.ts';
import { readDomain } from './change.ts';

export interface VcpuCounts {
  active: boolean;
  persistent: boolean;
  maximum: number;
  /** Undefined where the stored definition does not say how many of them are used. */
  configured: number | undefined;
  /** How many there are now; while it is off, how many there would be. */
  used: number;
}

export function vcpuCounts(connection: Connection, ref: DomainRef): VcpuCounts {
  const { active, persistent, config, live } = readDomain(connection, ref);
  const stored = (config ?? live)!.vcpu;
  const running = (live ?? config)!.vcpu;
  return { active, persistent, maximum: stored.count, configured: stored.current, used: running.current ?? running.count };
}
