import { describe, expect, it } from 'vitest';
import { bareValue, encodeField, messageBytes } from '../../../../src/security/audit/encoding.ts';

describe('encodeField()', () => {
  /** What audit_encode_nv_string(3) of libaudit 3.0.9 makes of them. */
  it.each([
    ['plain', 'vm="plain"'],
    ['lxc-1', 'vm="lxc-1"'],
    ['', 'vm=""'],
    ['~', 'vm="~"'],
    ['!', 'vm="!"'],
    ['=', 'vm="="'],
    ["a'b", 'vm="a\'b"'],
    ['back\\slash', 'vm="back\\slash"'],
    ['with blank', 'vm=7769746820626C616E6B'],
    ['quo"te', 'vm=71756F227465'],
    ['a"', 'vm=6122'],
    ['umläut', 'vm=756D6CC3A47574'],
    ['€', 'vm=E282AC'],
    ['tab\tbed', 'vm=74616209626564'],
    ['new\nline', 'vm=6E65770A6C696E65'],
    ['\x01', 'vm=01'],
    ['del\x7f', 'vm=64656C7F'],
  ])('%j', (value, encoded) => {
    expect(encodeField('vm', value)).toBe(encoded);
  });

  it('says ? of what is not known, in quotes', () => {
    expect(encodeField('old-disk', undefined)).toBe('old-disk="?"');
  });
});

describe('bareValue()', () => {
  it('is as libvirt writes a label, unless a reader could take it for more than one field', () => {
    expect(bareValue(undefined)).toBe('?');
    expect(bareValue('system_u:system_r:svirt_lxc_net_t:s0:c1,c2')).toBe('system_u:system_r:svirt_lxc_net_t:s0:c1,c2');
    expect(bareValue('a res=success')).toBe('61207265733D73756363657373');
  });
});

describe('messageBytes()', () => {
  const writer = { exe: '/usr/sbin/libvirtd', terminal: undefined };

  it('adds who writes and how it went, and ends in NULs, a multiple of four', () => {
    const bytes = messageBytes('virt=lxc op=stop', true, writer);
    expect(bytes.length % 4).toBe(0);
    expect(bytes.toString()).toMatch(/^virt=lxc op=stop exe="\/usr\/sbin\/libvirtd" hostname=\? addr=\? terminal=\? res=success\0{1,4}$/);
  });

  it('says failed, the terminal, and of an odd program its bytes', () => {
    expect(messageBytes('x', false, { exe: '/opt/my programs/v', terminal: 'pts/3' }).toString()).toMatch(
      /^x exe=2F6F70742F6D792070726F6772616D732F76 hostname=\? addr=\? terminal=pts\/3 res=failed\0+$/,
    );
    expect(messageBytes('x', true, { exe: undefined, terminal: undefined }).toString()).toContain(' exe="?" ');
  });

  it('is cut off where libaudit cuts it off', () => {
    const bytes = messageBytes('x'.repeat(10_000), true, writer);
    expect(bytes.toString().replace(/\0+$/, '')).toBe('x'.repeat(8969));
  });
});
