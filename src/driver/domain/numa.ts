// Which of the host's memory nodes a domain has: numatune.

import { cgroupOf } from '../../container/definitions.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError } from '../../errors.ts';
import { changeMems } from '../../host/cgroup/cpuset.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { type Affect, affected, changeAffected, queried } from './affect.ts';
import { changeDomain, readDomain } from './change.ts';

type Numatune = NonNullable<DomainDefinition['numatune']>;

export interface NumaChanges {
  /** undefined: a mode is given that there is not. */
  numa_mode?: Numatune['mode'] | undefined;
  numa_nodeset?: string;
}

export interface NumaParameters {
  numa_mode: Numatune['mode'];
  numa_nodeset: string;
}

export function numaParameters(connection: Connection, ref: DomainRef, affect: Affect): NumaParameters {
  requireBeyondLibvirt('virDomainGetNumaParameters');
  const { numatune } = queried(readDomain(connection, ref), affect).definition;
  return { numa_mode: numatune?.mode ?? 'strict', numa_nodeset: numatune?.nodeset ?? '' };
}

/** Of a running domain the nodes alone, and only where the mode is strict. Throws OPERATION_INVALID for the rest. */
export function setNumaParameters(connection: Connection, ref: DomainRef, changes: NumaChanges, affect: Affect): void {
  requireWritable(connection, 'virDomainSetNumaParameters');
  requireBeyondLibvirt('virDomainSetNumaParameters');
  if ('numa_mode' in changes && changes.numa_mode === undefined) throw libvirtError('INVALID_ARG', 'unsupported numatune mode');
  changeDomain(connection, ref, (image) => {
    if (affected(image, affect).live) checkLive(image.live!, changes);
    const next = changeAffected(image, affect, (definition) => changed(definition, changes));
    if (next.live && changes.numa_nodeset !== undefined) changeMems(cgroupOf(image), changes.numa_nodeset);
    return next;
  });
}

function checkLive({ numatune }: DomainDefinition, changes: NumaChanges): void {
  const mode = numatune?.mode ?? 'strict';
  if (changes.numa_mode !== undefined && changes.numa_mode !== mode)
    throw libvirtError('OPERATION_INVALID', "can't change numatune mode for running domain");
  if (mode !== 'strict') throw libvirtError('OPERATION_INVALID', 'change of nodeset for running domain requires strict numa mode');
}

function changed(definition: DomainDefinition, { numa_mode, numa_nodeset }: NumaChanges): DomainDefinition {
  const mode = numa_mode ?? definition.numatune?.mode ?? 'strict';
  const nodeset = numa_nodeset ?? definition.numatune?.nodeset;
  if (nodeset === undefined)
    throw libvirtError('CONFIG_UNSUPPORTED', "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
  return { ...definition, numatune: { mode, nodeset, placement: 'static' } };
}
