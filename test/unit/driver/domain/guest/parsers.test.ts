import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mountsWithFiles } from '../../../../../src/driver/domain/guest/mount-table.ts';
import { parseOsRelease } from '../../../../../src/driver/domain/guest/os-release.ts';
import { timeZoneAt } from '../../../../../src/driver/domain/guest/timezone.ts';
import { parseUtmp } from '../../../../../src/driver/domain/guest/utmp.ts';

describe('parseOsRelease()', () => {
  it('reads assignments as a shell does', () => {
    const text = '# c\nID=debian\nNAME="Debian \\"GNU\\"/Linux"\nVERSION_ID=\'12\'\n bad line\nlower=1\nPRETTY_NAME=plain\\$text\nEMPTY=\n';
    expect([...parseOsRelease(text)]).toEqual([
      ['ID', 'debian'],
      ['NAME', 'Debian "GNU"/Linux'],
      ['VERSION_ID', '12'],
      ['PRETTY_NAME', 'plain$text'],
      ['EMPTY', ''],
    ]);
  });
});

/** struct utmp of the C library. */
function login(type: number, user: string, seconds: number): Buffer {
  const record = Buffer.alloc(384);
  record.writeInt16LE(type, 0);
  record.write(user, 44);
  record.writeUInt32LE(seconds, 340);
  record.writeUInt32LE(500_000, 344);
  return record;
}

describe('parseUtmp()', () => {
  it('tells each user once, since the first login', () => {
    const bytes = Buffer.concat([
      login(2, 'reboot', 1),
      login(7, 'root', 200),
      login(7, 'a'.repeat(40), 5),
      login(7, 'root', 100),
      login(8, 'gone', 3),
    ]);
    expect(parseUtmp(bytes)).toEqual([
      { user: 'root', sinceMs: 100_500 },
      { user: 'a'.repeat(32), sinceMs: 5500 },
    ]);
  });

  it('passes over a record that was cut off', () => {
    expect(parseUtmp(login(7, 'root', 1).subarray(0, 383))).toEqual([]);
  });
});

describe('mountsWithFiles()', () => {
  it('are those that hold files, and can be seen', () => {
    const table = `20 1 8:1 /srv/root / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
21 20 0:4 / /proc rw - proc proc rw
22 21 0:30 /meminfo /proc/meminfo rw - fuse libvirt rw
23 20 0:5 / /dev rw - tmpfs devfs rw
24 20 0:40 / /mnt/with\\040blank rw - tmpfs tmpfs rw
25 20 0:41 / /mnt/with\\040blank rw - overlay over rw
26 20 0:42 / /sys/fs/cgroup rw - cgroup2 cgroup rw
27 20 0:43 / /run rw - tmpfs tmpfs rw
cut off
`;
    expect(mountsWithFiles(table)).toEqual([
      { mountpoint: '/', type: 'ext4', source: '/dev/sda1', number: '8:1' },
      { mountpoint: '/mnt/with blank', type: 'overlay', source: 'over', number: '0:41' },
      { mountpoint: '/run', type: 'tmpfs', source: 'tmpfs', number: '0:43' },
    ]);
  });
});

const ZONES = '/usr/share/zoneinfo';
describe.skipIf(!existsSync(ZONES))(existsSync(ZONES) ? 'timeZoneAt()' : 'timeZoneAt() (skipped: no tzdata)', () => {
  const at = (zone: string, time: string) => timeZoneAt(readFileSync(`${ZONES}/${zone}`), new Date(time));

  it.each([
    ['UTC', '2026-01-01T00:00:00Z', 'UTC', 0],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 'CET', 3600],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 'CEST', 7200],
    ['Europe/Berlin', '2026-10-25T00:59:59Z', 'CEST', 7200],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', 'CET', 3600],
    ['America/New_York', '2045-07-01T00:00:00Z', 'EDT', -14400],
    ['America/New_York', '1990-12-01T00:00:00Z', 'EST', -18000],
    ['Australia/Sydney', '2026-01-01T00:00:00Z', 'AEDT', 39600],
    ['Australia/Sydney', '2026-07-01T00:00:00Z', 'AEST', 36000],
    ['Asia/Kathmandu', '2026-07-01T00:00:00Z', '+0545', 20700],
    ['Asia/Kolkata', '2026-07-01T00:00:00Z', 'IST', 19800],
  ])('%s at %s', (zone, time, name, offsetSeconds) => {
    expect(at(zone, time)).toEqual({ name, offsetSeconds });
  });

  it('knows nothing of what is no such file, or was cut off', () => {
    expect(timeZoneAt(Buffer.from('nonsense'), new Date())).toBe(undefined);
    const whole = readFileSync(`${ZONES}/Europe/Berlin`);
    for (const length of [0, 3, 10, 43, 50, 200]) expect(timeZoneAt(whole.subarray(0, length), new Date())).toBe(undefined);
  });
});
