import { describe, expect, it } from 'vitest';
import { freeName, freeVethNames, hostEndMac, withGuestNames } from '../../../../src/container/plan/interface-names.ts';
import type { DomainDefinition } from '../../../../src/domain/definition.ts';

describe('freeVethNames()', () => {
  it('takes the first two consecutive free numbers', () => {
    expect(freeVethNames(undefined, new Set())).toEqual({ host: 'vnet0', guest: 'vnet1' });
    expect(freeVethNames(undefined, new Set(['vnet0', 'vnet2', 'vnet5']))).toEqual({ host: 'vnet3', guest: 'vnet4' });
  });

  it('keeps the name that the user wants, taken or not', () => {
    expect(freeVethNames('tap0', new Set(['tap0', 'vnet0']))).toEqual({ host: 'tap0', guest: 'vnet1' });
  });

  it('numbers a template', () => {
    expect(freeVethNames('lan%d', new Set(['lan0']))).toEqual({ host: 'lan1', guest: 'vnet0' });
    expect(freeName('eth%d', new Set(['eth0', 'eth1']))).toBe('eth2');
  });
});

describe('withGuestNames()', () => {
  const names = (guestDevs: (string | undefined)[], hostNics: string[] = []) => {
    const interfaces = guestDevs.map((guestDev) => ({ guestDev }));
    const hostdevs = hostNics.map((source) => ({ mode: 'capabilities', type: 'net', source }));
    const definition = { devices: { interfaces, hostdevs } } as unknown as DomainDefinition;
    return withGuestNames(definition).map(({ guestDev }) => guestDev);
  };

  it('counts interfaces without a name', () => {
    expect(names([undefined, 'lan7', undefined])).toEqual(['eth0', 'lan7', 'eth1']);
  });

  it('passes over names that are given elsewhere', () => {
    expect(names([undefined, 'eth0', undefined], ['eth2'])).toEqual(['eth1', 'eth0', 'eth3']);
  });
});

describe('hostEndMac()', () => {
  it('differs from the guest end in the first byte', () => {
    expect(hostEndMac('52:54:00:01:02:03')).toBe('fe:54:00:01:02:03');
    expect(hostEndMac('fe:54:00:01:02:03')).toBe('fa:54:00:01:02:03');
  });
});
