import fs from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { libvirtError } from '../../../../src/errors.ts';
import { encodeMessage } from '../../../../src/host/netlink/message.ts';
import type { NetlinkSocket } from '../../../../src/host/netlink/rtnetlink.ts';
import type { AuditRecord } from '../../../../src/security/audit/records.ts';
import { type TempStore, tempStore } from '../../../helpers/temp-store.ts';

let store: TempStore;
let settings: typeof import('../../../../src/security/audit/settings.ts');
let trail: typeof import('../../../../src/security/audit/trail.ts');
let kernel: typeof import('../../../../src/security/audit/kernel.ts');
beforeAll(async () => {
  store = tempStore();
  settings = await import('../../../../src/security/audit/settings.ts');
  trail = await import('../../../../src/security/audit/trail.ts');
  kernel = await import('../../../../src/security/audit/kernel.ts');
});
beforeEach(() => fs.rmSync(store.at('etc'), { recursive: true, force: true }));
afterAll(() => store.remove());

function write(file: string, text: string): void {
  fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
  fs.writeFileSync(store.at(`etc/libvirt/${file}`), text);
}

const RECORDS: AuditRecord[] = [
  { type: 'control', text: 'virt=lxc op=start', success: true },
  { type: 'resource', text: 'virt=lxc resrc=disk', success: false },
];

describe('auditSettings()', () => {
  it('are libvirt’s where no file says anything', () => {
    expect(settings.auditSettings()).toEqual({ level: 1, isLogged: false });
    write('libvirtd.conf', '#audit_level = 2\n#audit_logging = 1\n');
    expect(settings.auditSettings()).toEqual({ level: 1, isLogged: false });
  });

  it('come from lxc.conf, then virtlxcd.conf, then libvirtd.conf, each by itself', () => {
    write('libvirtd.conf', 'listen_tls = 0\naudit_level = 2\naudit_logging = 1\n');
    expect(settings.auditSettings()).toEqual({ level: 2, isLogged: true });
    write('virtlxcd.conf', 'audit_logging = 0\n');
    expect(settings.auditSettings()).toEqual({ level: 2, isLogged: false });
    write('lxc.conf', 'audit_level = 0\n');
    expect(settings.auditSettings()).toEqual({ level: 0, isLogged: false });
  });

  it('are refused where they cannot be understood, by the file’s name', () => {
    write('libvirtd.conf', 'audit_level = "all"\n');
    expect(() => settings.auditSettings()).toThrow(/libvirtd\.conf: expected an unsigned integer for 'audit_level' parameter$/);
  });
});

describe('leaveTrail()', () => {
  const log = (): string => fs.readFileSync(store.at('var/log/libvirt/lxc/vm1.log'), 'utf8');

  it('asks nobody for records that nobody wants', () => {
    trail.leaveTrail('vm1', { isKept: false, isLogged: false }, () => {
      throw new Error('asked');
    });
  });

  it('writes them in the domain’s log, in libvirt’s words', () => {
    trail.leaveTrail('vm1', { isKept: false, isLogged: true }, () => RECORDS);
    expect(log().replace(/^\S+ \S+: /gm, '')).toBe('audit: success=yes virt=lxc op=start\naudit: success=no virt=lxc resrc=disk\n');
  });

  it('wants nothing where audit_level is 0, and warns of what it cannot understand, which keeps no domain from ending', () => {
    write('lxc.conf', 'audit_level = 0\n');
    expect(trail.trailOf('vm1')).toEqual({ isKept: false, isLogged: false });
    write('lxc.conf', 'audit_level = -1\n');
    expect(trail.trailOf('vm1')).toEqual({ isKept: false, isLogged: false });
    expect(log()).toMatch(/: warning: it may lack audit records: .*lxc\.conf: expected an unsigned integer for 'audit_level' parameter\n$/);
    expect(() => trail.requireTrail()).toThrow(/audit_level/);
  });
});

describe('tellsOn()', () => {
  const AUDIT_GET = 1000;
  const status = (mask: number, enabled: number): Buffer => {
    const bytes = Buffer.alloc(44);
    bytes.writeUInt32LE(mask, 0);
    bytes.writeUInt32LE(enabled, 4);
    return encodeMessage(AUDIT_GET, 0, 1, [bytes]);
  };
  const refusal = (errno: number): Buffer => {
    const bytes = Buffer.alloc(20);
    bytes.writeInt32LE(-errno, 0);
    return encodeMessage(2, 0, 1, [bytes]);
  };

  it.each([
    ['on', status(0, 1), true],
    ['on for good', status(0, 2), true],
    ['off', status(1, 0), false],
    ['not to be asked by us', refusal(1), true],
    ['not for a user namespace', refusal(111), false],
    ['nothing', Buffer.alloc(0), false],
  ])('%s', (_what, answer, on) => {
    expect(kernel.tellsOn(answer)).toBe(on);
  });
});

describe('sendRecords()', () => {
  const sent: [type: number, text: string][] = [];
  const socket = (errno: number): NetlinkSocket => ({
    request: (type, flags, [bytes]) => {
      expect(flags).toBe(0);
      sent.push([type, bytes!.toString().replace(/ exe=.* res=/, ' … res=')]);
      return { errno };
    },
    get: () => {
      throw new Error('not asked');
    },
    dump: () => [],
    [Symbol.dispose]: () => {},
  });
  beforeEach(() => void sent.splice(0));

  it('sends each by its number, with how it went', () => {
    kernel.sendRecords(RECORDS, () => socket(0));
    expect(sent.map(([type, text]) => [type, text.replace(/\0+$/, '')])).toEqual([
      [2500, 'virt=lxc op=start … res=success'],
      [2501, 'virt=lxc resrc=disk … res=failed'],
    ]);
  });

  it('stops at one that the kernel refuses, and says which', () => {
    expect(() => kernel.sendRecords(RECORDS, () => socket(1))).toThrow(
      'Failed to send audit message virt=lxc op=start: Operation not permitted',
    );
    expect(sent.length).toBe(1);
  });

  it('is silent where the kernel has no audit', () => {
    kernel.sendRecords(RECORDS, () => undefined);
    expect(() =>
      kernel.sendRecords(RECORDS, () => {
        throw libvirtError('SYSTEM_ERROR', 'no socket');
      }),
    ).toThrow('no socket');
  });
});
