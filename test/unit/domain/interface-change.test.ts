import { describe, expect, it } from 'vitest';
import type { InterfaceDevice } from '../../../src/domain/definition.ts';
import { parseDevice } from '../../../src/domain/device.ts';
import { changedInterface, isMoved } from '../../../src/domain/interface-change.ts';
import { testHost } from './test-host.ts';

function parse(type: string, source: string, rest = ''): InterfaceDevice {
  const parsed = parseDevice(
    `<interface type='${type}'><mac address='52:54:00:00:00:01'/><source ${source}/>${rest}</interface>`,
    testHost(),
  );
  if (parsed.kind !== 'interface') throw new Error(parsed.kind);
  return parsed.device;
}

/** As a start leaves it. */
const running = (device: InterfaceDevice, more: Partial<InterfaceDevice> = {}): InterfaceDevice => ({
  ...device,
  targetDev: 'vnet4',
  guestDev: 'eth0',
  ...more,
});
const REFUSED =
  'Operation not supported: Unable to modify live devices: ' +
  'of an interface only the link state, the bandwidth and the bridge or network can be changed';

describe('changedInterface()', () => {
  const live = running(parse('bridge', "bridge='br0'", "<mtu size='1400'/>"));

  it('takes link state, bandwidth, isolation and source', () => {
    const wanted = parse(
      'network',
      "network='lan' portgroup='fast'",
      "<mtu size='1400'/><bandwidth><inbound average='5'/></bandwidth><port isolated='yes'/><link state='down'/>",
    );
    const changed = changedInterface(live, wanted);
    expect(changed).toEqual({ ...wanted, targetDev: 'vnet4', guestDev: 'eth0' });
    expect(isMoved(live, changed)).toBe(true);
    expect(changedInterface(changed, parse('bridge', "bridge='br0'", "<mtu size='1400'/>"))).toEqual(live);
  });

  it.each([
    ['another mtu', "<mtu size='1500'/>"],
    ['no mtu', ''],
    ['an address', "<mtu size='1400'/><ip address='10.0.0.1'/>"],
    ['another name', "<mtu size='1400'/><guest dev='eth7'/>"],
    ['a model', "<mtu size='1400'/><model type='virtio'/>"],
    ['what is only passed on', "<mtu size='1400'/><tune><sndbuf>1</sndbuf></tune>"],
  ])('refuses %s', (_, rest) => {
    expect(() => changedInterface(live, parse('bridge', "bridge='br0'", rest))).toThrow(REFUSED);
  });

  it('takes back the form that a running domain shows', () => {
    const actual = { type: 'bridge', source: 'br7' } as const;
    const networked = running(parse('network', "network='lan'"), { portid: 'p', actual });
    const shown = parse('bridge', "network='lan' bridge='br7'", "<link state='down'/>");
    expect(changedInterface(networked, shown)).toEqual({ ...networked, linkState: 'down' });
    expect(isMoved(networked, changedInterface(networked, parse('bridge', "bridge='br8'")))).toBe(true);
  });

  it('moves none that has no end in a bridge', () => {
    const direct = running(parse('direct', "dev='eth1'"));
    const macvlan = running(parse('network', "network='lan'"), { actual: { type: 'direct', source: 'eth1', sourceMode: 'bridge' } });
    expect(() => changedInterface(direct, parse('direct', "dev='eth2'"))).toThrow(REFUSED);
    expect(() => changedInterface(live, parse('direct', "dev='eth2'", "<mtu size='1400'/>"))).toThrow(REFUSED);
    expect(() => changedInterface(macvlan, parse('network', "network='other'"))).toThrow(REFUSED);
    expect(changedInterface(macvlan, parse('network', "network='lan'", "<link state='down'/>")).linkState).toBe('down');
  });
});
