// What a domain is and how it is.

import type { DomainRef } from '../../domain/ref.ts';
import { reasonNumber, stateNumber } from '../../domain/state.ts';
import type { Connection } from '../../driver/connection.ts';
import { isActive } from '../../driver/domain/lookup.ts';
import { domainState } from '../../driver/domain/state.ts';
import { onlyFlags } from '../flags.ts';
import { call, type Procedure } from '../procedure.ts';
import { characters, domain } from '../types.ts';
import { array, flag, int, nothing, string, struct, uhyper, uint, type ValueOf } from '../xdr.ts';
import { domainOf } from './domain-of.ts';

const ofDomain = struct({ domain });
const ofDomainWithFlags = struct({ domain, flags: uint });

const securityLabel = struct({ label: characters(4097), enforcing: flag });

export const domainInfoProcedures: Readonly<Record<number, Procedure>> = {
  16: call(
    ofDomain,
    struct({ state: uint, maxMemory: uhyper, memory: uhyper, vcpus: uint, cpuTime: uhyper }),
    async (connection, { domain: named }) => {
      const { domainMeasures } = await import('../../driver/domain/info.ts');
      const { state, maxMemoryKiB, usedMemoryKiB, vcpus, cpuTimeNs } = domainMeasures(connection, domainOf(named));
      return {
        state: stateNumber(state),
        maxMemory: BigInt(maxMemoryKiB),
        memory: BigInt(usedMemoryKiB),
        vcpus,
        cpuTime: cpuTimeNs,
      };
    },
  ),
  212: call(ofDomainWithFlags, struct({ state: int, reason: int }), (connection, { domain: named, flags }) => {
    onlyFlags(flags, 0, 'lxcDomainGetState');
    const { state, reason } = domainState(connection, domainOf(named));
    return { state: stateNumber(state), reason: reasonNumber(state, reason) };
  }),
  17: call(ofDomain, struct({ memory: uhyper }), async (connection, { domain: named }) => {
    const { domainMeasures } = await import('../../driver/domain/info.ts');
    return { memory: BigInt(domainMeasures(connection, domainOf(named)).maxMemoryKiB) };
  }),
  19: call(ofDomain, struct({ type: string }), (_connection, { domain: named }) => {
    domainOf(named);
    return { type: 'exe' };
  }),
  15: call(ofDomain, struct({ autostart: flag }), async (connection, { domain: named }) => {
    const { isAutostarted } = await import('../../driver/domain/autostart.ts');
    return { autostart: isAutostarted(connection, domainOf(named)) };
  }),
  29: call(struct({ domain, autostart: flag }), nothing, async (connection, { domain: named, autostart }) => {
    const { setAutostart } = await import('../../driver/domain/autostart.ts');
    await setAutostart(connection, domainOf(named), autostart);
  }),
  150: call(ofDomain, struct({ active: flag }), (connection, { domain: named }) => ({ active: isActive(connection, domainOf(named)) })),
  151: call(ofDomain, struct({ persistent: flag }), async (connection, { domain: named }) => {
    const { isPersistent } = await import('../../driver/domain/lookup.ts');
    return { persistent: isPersistent(connection, domainOf(named)) };
  }),
  /** A change of what is stored is never one of what runs that is yet to be stored. */
  202: call(ofDomain, struct({ updated: flag }), (_connection, { domain: named }) => {
    domainOf(named);
    return { updated: false };
  }),
  121: call(ofDomain, securityLabel, async (connection, { domain: named }) => {
    const [label] = await labelsOf(connection, domainOf(named));
    return label ?? { label: '', enforcing: false };
  }),
  /** A container's state cannot be saved: there is none. */
  183: call(ofDomainWithFlags, struct({ exists: flag }), (_connection, { domain: asked, flags }) => {
    onlyFlags(flags, 0, 'lxcDomainHasManagedSaveImage');
    domainOf(asked);
    return { exists: false };
  }),
  /** Nothing that is wrong with a domain is only noted. */
  426: call(ofDomainWithFlags, struct({ messages: array(string, 2048) }), (_connection, { domain: asked }) => {
    domainOf(asked);
    return { messages: [] };
  }),
  278: call(ofDomain, struct({ labels: array(securityLabel, 64), count: int }), async (connection, { domain: named }) => {
    const labels = await labelsOf(connection, domainOf(named));
    return { labels, count: labels.length };
  }),
};

async function labelsOf(connection: Connection, ref: DomainRef): Promise<ValueOf<typeof securityLabel>[]> {
  const { domainLabel } = await import('../../driver/domain/info.ts');
  const known = await domainLabel(connection, ref);
  return known ? [{ label: known.label, enforcing: known.isEnforcing }] : [];
}
