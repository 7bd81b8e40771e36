import { describe, expect, it } from 'vitest';
import { dnsmasqTexts, needsDnsmasq } from '../../../src/network/dnsmasq-config.ts';
import { parseNetwork } from '../../../src/network/parse.ts';

const FILES = { pidFile: '/run/n.pid', hostsFile: '/lib/n.hostsfile', addnHosts: '/lib/n.addnhosts' };
const network = (xml: string) => parseNetwork(`<network><name>n</name><bridge name='br7'/>${xml}</network>`, { randomUuid: () => 'u' });
const lines = (xml: string) => dnsmasqTexts(network(xml), FILES).config.split('\n').slice(6, -1);

describe('dnsmasqTexts()', () => {
  it('asks name servers at other ports', () => {
    const found = lines("<dns><forwarder addr='9.9.9.9' port='5353'/><forwarder domain='a.b' addr='fd00::1' port='54'/></dns>");
    expect(found.filter((line) => line.startsWith('server='))).toEqual(['server=9.9.9.9#5353', 'server=/a.b/fd00::1#54']);
  });

  it('says everything that a network can', () => {
    const texts = dnsmasqTexts(
      network(`<forward mode='nat'/><mtu size='9000'/><domain name='lab' localOnly='yes'/>
        <dns forwardPlainNames='no'><forwarder addr='9.9.9.9'/><forwarder domain='a.b'/><txt name='t' value='v w'/>
          <srv service='s' protocol='tcp' domain='d' target='h' port='10' weight='3'/><srv service='x' protocol='udp'/>
          <host ip='10.0.0.5'><hostname>h1</hostname><hostname>h2</hostname></host></dns>
        <ip address='10.0.0.1' netmask='255.255.255.0' localPtr='yes'><tftp root='/t'/><dhcp>
          <range start='10.0.0.2' end='10.0.0.9'><lease expiry='2' unit='hours'/></range><range start='10.0.0.20' end='10.0.0.20'/>
          <host mac='52:54:00:00:00:01' name='a' ip='10.0.0.30'><lease expiry='0'/></host><host name='b' ip='10.0.0.31'/>
          <bootp file='pxe' server='1.1.1.1'/></dhcp></ip>
        <ip family='ipv6' address='fd00::1' prefix='64'><dhcp><range start='fd00::10' end='fd00::1f'/>
          <host id='0:1:2' name='c' ip='fd00::30'/></dhcp></ip>
        <dnsmasq:options xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'><dnsmasq:option value='log-dhcp'/></dnsmasq:options>`),
      FILES,
    );
    expect(texts).toEqual({
      config: `##WARNING:  THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
##OVERWRITTEN AND LOST.  Changes to this configuration should be made using:
##    virsh net-edit n
## or other application using the libvirt API.
##
## dnsmasq conf file created by libvirt
strict-order
server=9.9.9.9
server=/a.b/#
no-resolv
local=/lab/
domain=lab
expand-hosts
domain-needed
local=//
local=/0.0.10.in-addr.arpa/
pid-file=/run/n.pid
except-interface=lo
bind-dynamic
interface=br7
txt-record=t,v w
srv-host=_s._tcp.d,h,10,0,3
srv-host=_x._udp
dhcp-range=10.0.0.2,10.0.0.9,255.255.255.0,2h
dhcp-range=10.0.0.20,10.0.0.20,255.255.255.0
dhcp-no-override
dhcp-authoritative
enable-tftp
tftp-root=/t
dhcp-boot=pxe,,1.1.1.1
dhcp-range=fd00::10,fd00::1f,64
dhcp-lease-max=25
dhcp-hostsfile=/lib/n.hostsfile
addn-hosts=/lib/n.addnhosts
dhcp-option=option:mtu,9000
enable-ra
log-dhcp
`,
      hostsFile: '52:54:00:00:00:01,10.0.0.30,a,infinite\nb,10.0.0.31\nid:0:1:2,c,[fd00::30]\n',
      addnHosts: '10.0.0.5\th1\th2\t\n',
    });
  });

  it('offers no way out of an isolated network', () => {
    expect(lines(`<ip address='10.0.0.1' prefix='24'/>`)).toEqual([
      'strict-order',
      'pid-file=/run/n.pid',
      'except-interface=lo',
      'bind-dynamic',
      'interface=br7',
      'dhcp-option=3',
      'no-resolv',
      'ra-param=*,0,0',
      'addn-hosts=/lib/n.addnhosts',
    ]);
  });

  it('serves known guests alone, without names, where that is what was asked for', () => {
    const xml = `<dns enable='no'/><ip address='10.0.0.1' prefix='24'><dhcp><host name='a' ip='10.0.0.3'/></dhcp></ip>`;
    expect(lines(xml)).toContain('port=0');
    expect(lines(xml)).toContain('dhcp-range=10.0.0.1,static');
    expect(lines(xml).some((line) => line.startsWith('addn-hosts'))).toBe(false);
  });

  it('advertises prefixes from which guests make up addresses', () => {
    expect(lines(`<ip family='ipv6' address='fd00::1' prefix='64'/>`)).toContain('dhcp-range=fd00::1,ra-only');
  });

  it('refuses a reverse zone that does not end between labels', () => {
    expect(() => lines(`<ip address='10.0.0.1' prefix='20' localPtr='yes'/>`)).toThrow(
      'unsupported configuration: PTR domain for IPv4 network with prefix 20 cannot be automatically created',
    );
  });
});

describe('what dnsmasq is told', () => {
  const IP = `<ip address='10.0.0.1' prefix='24'/>`;
  const namespace = `xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'`;

  it.each([
    [`<domain name='lab&#10;dhcp-script=/bin/evil'/>${IP}`, "dnsmasq cannot serve domain 'lab\ndhcp-script=/bin/evil'"],
    [`<domain name='a,10.0.0.0/24'/>${IP}`, "dnsmasq cannot serve domain 'a,10.0.0.0/24'"],
    [`<dns><forwarder domain='a/b#c' addr='9.9.9.9'/></dns>${IP}`, "dnsmasq cannot serve forwarder domain 'a/b#c'"],
    [`<dns><srv service='s' protocol='tcp' domain='d,e' target='h'/></dns>${IP}`, "dnsmasq cannot serve SRV domain 'd,e'"],
    [`<dns><srv service='s' protocol='tcp' domain='d' target='h #'/></dns>${IP}`, "dnsmasq cannot serve SRV target 'h #'"],
    [`<dns><host ip='10.0.0.9'><hostname>a b</hostname></host></dns>${IP}`, "dnsmasq cannot serve DNS host name 'a b'"],
    [`<dns><txt name='a&#9;b' value='v'/></dns>${IP}`, "dnsmasq cannot serve TXT record 'a\tb'"],
    [
      `<ip address='10.0.0.1' prefix='24'><dhcp><host name='a,infinite' ip='10.0.0.3'/></dhcp></ip>`,
      "dnsmasq cannot serve host name 'a,infinite'",
    ],
    [
      `<ip address='10.0.0.1' prefix='24'><tftp root='/t&#10;x'/><dhcp><range start='10.0.0.2' end='10.0.0.3'/></dhcp></ip>`,
      'control character in what network \'n\' tells dnsmasq: "tftp-root=\\"/t\\nx\\""',
    ],
    [
      `${IP}<dnsmasq:options ${namespace}><dnsmasq:option value='log-dhcp&#10;dhcp-script=/x'/></dnsmasq:options>`,
      'control character in what network \'n\' tells dnsmasq: "log-dhcp\\ndhcp-script=/x"',
    ],
    [
      `<dns><txt name='t' value='${'x'.repeat(1023)}dhcp-script=/x'/></dns>${IP}`,
      `too long for dnsmasq in network 'n': 'txt-record=t,${'x'.repeat(27)}...'`,
    ],
  ])('is never more than the network says: %j', (xml, message) => {
    expect(() => lines(xml)).toThrow(`unsupported configuration: ${message}`);
  });

  it('cannot be one bridge with a name that stands for many', () => {
    const star = parseNetwork(`<network><name>n</name><bridge name='br*'/>${IP}</network>`, { randomUuid: () => 'u' });
    expect(() => dnsmasqTexts(star, FILES)).toThrow("unsupported configuration: dnsmasq cannot serve bridge 'br*'");
  });

  it('has quotes around what is a path or a name of more than plain letters', () => {
    const odd = parseNetwork(
      `<network><name>a "b", #c&#13;</name><bridge name='br,7'/><dns><txt name='t' value='a #b'/><txt name='u' value='"a #b", c'/></dns>
        <ip address='10.0.0.1' prefix='24'><tftp root='/t, &quot;u&quot;\\'/><dhcp><range start='10.0.0.2' end='10.0.0.3'/><bootp file='a,b'/></dhcp></ip></network>`,
      { randomUuid: () => 'u' },
    );
    const file = (ending: string): string => `/lib/a "b", #c.${ending}`;
    const texts = dnsmasqTexts(odd, { pidFile: file('pid'), hostsFile: file('hosts'), addnHosts: file('addn') });
    expect(texts.config.split('\n')).toEqual(
      expect.arrayContaining([
        '##    virsh net-edit a "b", #c ',
        'pid-file="/lib/a \\"b\\", #c.pid"',
        'interface="br,7"',
        'txt-record=t,a "#"b',
        'txt-record=u,"a #b", c',
        'tftp-root="/t, \\"u\\"\\\\"',
        'dhcp-boot="a,b"',
        'dhcp-hostsfile="/lib/a \\"b\\", #c.hosts"',
        'addn-hosts="/lib/a \\"b\\", #c.addn"',
      ]),
    );
  });
});

describe('needsDnsmasq()', () => {
  it.each([
    ['', false],
    [`<ip address='10.0.0.1' prefix='24'/>`, true],
    [`<dns enable='no'/><ip address='10.0.0.1' prefix='24'/>`, false],
    [`<dns enable='no'/><ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.3'/></dhcp></ip>`, true],
  ])('%s: %s', (xml, needs) => {
    expect(needsDnsmasq(network(xml))).toBe(needs);
  });
});
