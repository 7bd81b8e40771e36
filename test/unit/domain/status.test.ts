import { describe, expect, it } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { type DomainStatus, formatStatus, parseStatus } from '../../../src/domain/status.ts';
import { domainWith, testHost } from './test-host.ts';

function runningDomain(): DomainStatus {
  const domain = parseDomain(
    domainWith({
      top: '<description>two\nlines</description>',
      devices: `<disk type='file'><source file='/disk'/><target dev='vda'/></disk><console/><console/><interface type='network'><source network='lan'/><guest dev='eth0'/></interface>`,
    }),
    testHost(),
  );
  domain.id = 4711;
  domain.partition = '/machine';
  domain.devices.filesystems.push({ type: 'mount', source: '/', target: '/', readonly: false });
  const [first, second] = domain.devices.consoles;
  Object.assign(first!, { sourcePath: '/dev/pts/3', alias: 'console0' });
  Object.assign(second!, { sourcePath: '/dev/pts/4', alias: 'console1' });
  domain.devices.disks[0]!.imageDevice = '/dev/loop7';
  domain.devices.filesystems[0]!.mountId = 4711;
  Object.assign(domain.devices.interfaces[0]!, {
    targetDev: 'vnet0',
    actual: { type: 'network', source: 'virbr0', bandwidth: { inbound: { floor: 9 }, classId: 3 } },
    portid: '3b0e2b3c-54e6-4d6f-8a4b-111111111120',
  });
  return {
    state: 'running',
    reason: 'booted',
    controllerPid: 4711,
    controllerStartTime: '12345',
    initPid: 4712,
    initStartTime: '12346',
    cgroup: 'machine/lxc-4711-t.libvirt-lxc',
    extra: { console: '7' },
    auditDue: 'reboot',
    taints: ['custom-argv'],
    domain,
  };
}

describe('status documents', () => {
  it('says of ids that they were chosen for the run', () => {
    const status = { ...runningDomain(), automaticIds: true };
    expect(formatStatus(status)).toMatch(/<controller [^>]*idmap='automatic'/);
    expect(parseStatus(formatStatus(status), testHost())).toMatchObject({ automaticIds: true, extra: status.extra });
    expect(parseStatus(formatStatus(runningDomain()), testHost())).not.toHaveProperty('automaticIds');
  });

  it('bring back everything live', () => {
    const status = runningDomain();
    const again = parseStatus(formatStatus(status), testHost());
    expect(again).toEqual(status);
    expect(formatDomain(again.domain, { live: true })).toBe(formatDomain(status.domain, { live: true }));
  });

  it('bring back the configuration of a domain that was undefined, beside it', () => {
    const config = parseDomain(domainWith({ top: '<title>a &amp;\tb</title>', devices: '<console/>' }), testHost());
    const status = { ...runningDomain(), config };
    expect(parseStatus(formatStatus(status), testHost())).toEqual(status);
  });

  it.each(['default', 'strict'] as const)('bring back the level %s', (level) => {
    const document = formatStatus({ ...runningDomain(), level });
    expect(document).toContain(` level='${level}' audit='reboot' console='7'/>`);
    expect(parseStatus(document, testHost())).toEqual({ ...runningDomain(), level });
  });

  it('of a release that knew no levels are taken for level libvirt', () => {
    expect(parseStatus(formatStatus(runningDomain()), testHost()).level).toBeUndefined();
  });

  it('alone know the block devices behind image files', () => {
    const { domain } = runningDomain();
    expect(formatStatus(runningDomain())).toContain("<image dev='/dev/loop7'/>");
    expect(formatDomain(domain, { live: true })).not.toContain('loop7');
    const foreign = domainWith({ devices: "<disk type='file'><source file='/disk'/><image dev='/dev/sda'/><target dev='vda'/></disk>" });
    expect(parseDomain(foreign, testHost()).devices.disks[0]).not.toHaveProperty('imageDevice');
  });

  it('have the domain indented by two', () => {
    const document = formatStatus(runningDomain());
    expect(document).toContain(
      `<domstatus state='running' reason='booted' pid='4711'>\n  <taint flag='custom-argv'/>\n  <init pid='4712' starttime='12346'/>\n  <controller starttime='12345' cgroup='machine/lxc-4711-t.libvirt-lxc' audit='reboot' console='7'/>\n  <domain type='lxc' id='4711'>\n    <name>t</name>`,
    );
    expect(document).toContain('    <description>two\nlines</description>\n');
    expect(document.endsWith('  </domain>\n</domstatus>\n')).toBe(true);
  });

  const ofGroup = (cgroup: string): string => formatStatus({ ...runningDomain(), cgroup });
  it('refuse a group that is not there', () => {
    const document = formatStatus(runningDomain()).replace(/ cgroup='[^']*'/, '');
    expect(() => parseStatus(document, testHost())).toThrow('no valid cgroup in the domain status');
  });
  it.each([
    '',
    '/',
    '..',
    'machine',
    '/machine/lxc-4711-t.libvirt-lxc',
    'machine/../lxc-4711-t.libvirt-lxc',
    'machine//lxc-4711-t.libvirt-lxc',
    'machine/lxc-4711-t.libvirt-lxc/payload',
    'machine/lxc-4712-t.libvirt-lxc', // another controller's
    'machine/lxc-47110-t.libvirt-lxc',
  ])("refuse the group %j, which is no container's", (cgroup) => {
    expect(() => parseStatus(ofGroup(cgroup), testHost())).toThrow('no valid cgroup in the domain status');
  });
  it.each(['lxc-4711.libvirt-lxc', "a & b's <p>.partition/lxc-4711-t.libvirt-lxc", 'machine/lxc-4711-a.b-c.libvirt-lxc'])(
    'bring back the group %j',
    (cgroup) => expect(parseStatus(ofGroup(cgroup), testHost()).cgroup).toBe(cgroup),
  );

  it.each(['<domain/>', "<domstatus state='asleep' pid='1'/>", "<domstatus state='running' pid='1'/>", '<domstatus'])(
    'refuse %s',
    (text) => {
      expect(() => parseStatus(text, testHost())).toThrow(expect.objectContaining({ name: 'LibvirtError' }));
    },
  );
});

describe('formatDomain()', () => {
  const { domain } = runningDomain();

  it('shows ttys, ids and generated names live', () => {
    expect(formatDomain(domain, { live: true })).toContain(`    <console type='pty' tty='/dev/pts/3'>
      <source path='/dev/pts/3'/>
      <target type='lxc' port='0'/>
      <alias name='console0'/>
    </console>
    <console type='pty'>
      <source path='/dev/pts/4'/>
      <target type='lxc' port='1'/>
      <alias name='console1'/>
    </console>
`);
    expect(formatDomain(domain, { live: true })).toContain(
      `<source network='lan' portid='3b0e2b3c-54e6-4d6f-8a4b-111111111120' bridge='virbr0'/>
      <bandwidth classID='3'>
        <inbound floor='9'/>
      </bandwidth>
      <target dev='vnet0'/>`,
    );
  });

  it('hides them otherwise; aliases only if they are not asked for', () => {
    const inactive = formatDomain(domain, { live: false });
    for (const word of ['id=', 'tty', 'vnet0', 'virbr0', 'alias']) expect(inactive).not.toContain(word);
    expect(formatDomain(domain, { live: false, keepAliases: true })).toContain("<alias name='console0'/>");
  });
});
