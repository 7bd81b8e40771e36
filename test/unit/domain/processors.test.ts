import { describe, expect, it } from 'vitest';
import type { DomainDefinition } from '../../../src/domain/definition.ts';
import {
  allowedCpus,
  cpuQuotaUs,
  emulatorPin,
  vcpuPins,
  withEmulatorPin,
  withMostVcpus,
  withProcessorLimits,
  withUsedVcpus,
  withVcpuPin,
} from '../../../src/domain/processors.ts';
import { echoedElement } from '../../../src/xml/echoed.ts';
import { minimalDefinition } from '../../helpers/definition.ts';

const domain = (vcpu: Partial<DomainDefinition['vcpu']>, pins: Record<number, string> = {}): DomainDefinition => {
  let made: DomainDefinition = { ...minimalDefinition(), vcpu: { count: 4, placement: 'static', ...vcpu } };
  for (const [number, cpus] of Object.entries(pins)) made = withVcpuPin(made, Number(number), cpus);
  return made;
};

describe('the processors of a container', () => {
  it.each([
    ['all, where nothing is said', domain({}), undefined],
    ['those of <vcpu cpuset=>', domain({ cpuset: '1-2' }), '1-2'],
    ['those of any virtual one', domain({ count: 2 }, { 0: '0', 1: '2-3' }), '0,2-3'],
    ['all, where one is not pinned', domain({ count: 2 }, { 0: '0' }), undefined],
    ['the cpuset of one that is not pinned', domain({ count: 2, cpuset: '4' }, { 0: '0' }), '0,4'],
    ['not those of one that is not used', domain({ count: 2, current: 1 }, { 0: '0', 1: '1' }), '0'],
    ["the host's choice", domain({ placement: 'auto', cpuset: '1' }), undefined],
  ])('are %s', (_, given, expected) => expect(allowedCpus(given)).toBe(expected));

  it.each([
    ['none', domain({}), undefined],
    ['that of those that are used', domain({ current: 3 }), 300_000],
    ['the one that is written', { ...domain({ current: 3 }), cputune: { others: [], quotaUs: 5000 } }, 5000],
    ['in the period that is written', { ...domain({ current: 2 }), cputune: { others: [], periodUs: 5000 } }, 10_000],
  ])('have a quota: %s', (_, given, expected) => expect(cpuQuotaUs(given)).toBe(expected));

  it('are counted, and with the greatest number as much as there is', () => {
    const less = withUsedVcpus({ ...domain({}), cputune: { others: [], quotaUs: 5000 } }, 2);
    expect([less.vcpu.current, less.cputune.quotaUs]).toEqual([2, undefined]);
    expect(withUsedVcpus(less, 4).vcpu).toEqual({ count: 4, placement: 'static' });
    expect(withMostVcpus(domain({}), 2).vcpu).toEqual({ count: 2, placement: 'static' });
    expect(withMostVcpus(less, 8).vcpu).toEqual({ count: 8, placement: 'static', current: 2 });
  });

  it('are unpinned again', () => {
    const pinned = domain({}, { 2: '1', 0: '3' });
    expect([...vcpuPins(pinned)]).toEqual([
      [0, '3'],
      [2, '1'],
    ]);
    expect(withVcpuPin(withVcpuPin(pinned, 0, undefined), 2, undefined).cputune.others).toEqual([]);
  });

  it('leave pins where libvirt has them', () => {
    const other = (name: string) => echoedElement(name, [], [], '1000');
    const made: DomainDefinition = { ...domain({}), cputune: { others: [other('global_period'), other('vcpusched')] } };
    const names = ({ cputune }: DomainDefinition) => cputune.others.map(({ name }) => name);
    expect(names(withVcpuPin(withEmulatorPin(made, '1'), 0, '2'))).toEqual(['global_period', 'vcpupin', 'emulatorpin', 'vcpusched']);
    const both = withEmulatorPin(withVcpuPin(made, 0, '2'), '1');
    expect([names(both), emulatorPin(both)]).toEqual([['global_period', 'vcpupin', 'emulatorpin', 'vcpusched'], '1']);
    expect(names(withEmulatorPin(withEmulatorPin(both, '3'), undefined))).toEqual(['global_period', 'vcpupin', 'vcpusched']);
    expect(emulatorPin(made)).toBe(undefined);
  });

  it('count, of pins, as far as the host has them', () => {
    const limits = (definition: DomainDefinition) => withProcessorLimits(definition, () => [0, 1]).vcpu.cpuset;
    expect(limits(domain({ count: 1 }, { 0: '1-7' }))).toBe('1');
    expect(limits(domain({ count: 1 }, { 0: '6-7' }))).toBe('6-7');
    expect(limits(domain({ cpuset: '1-7' }))).toBe('1-7');
    expect(limits(domain({}))).toBe(undefined);
  });
});
