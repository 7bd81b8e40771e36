// A user namespace without an <idmap>: a range of the host's ids that is free, for as long as the container runs.
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const level = (word: string) => `<x:security xmlns:x='urn:virsh-lxc:domain:1.0' level='${word}'/>`;
const STRICT = level('strict');
/** Nobody else's: locks are the host's, and other tests may run at the same time. */
const FIRST = 65536 * (8192 + (process.pid % 4096) * 4);
const range = (n: number) => FIRST + n * 65536;

suite('ids of its own', ['root', 'built', 'busybox', 'fuse', 'userns', 'idmapped_mounts'], () => {
  const virsh = useVirsh();
  const give = (count: number, owner = 'virsh-lxc') => {
    for (const file of ['etc/subuid', 'etc/subgid']) virsh.file(file, count === 0 ? '' : `${owner}:${FIRST}:${count * 65536}\n`);
  };
  const configure = (text: string) => virsh.file('etc/libvirt/lxc.conf', text);
  /** First ids of users and groups on the host. */
  const idsOf = (name: string) =>
    ['uid_map', 'gid_map'].map((file) =>
      Number(
        fs
          .readFileSync(`/proc/${virsh.initPid(name)}/${file}`, 'utf8')
          .trim()
          .split(/ +/)[1],
      ),
    );
  const without = [0, 0];
  /** Its init ends when it is told to reboot. */
  const RESTARTED = {
    init: ['/bin/sh', '-c', 'trap exit HUP; while :; do sleep 1; done'],
    more: '<on_poweroff>restart</on_poweroff>',
  };
  const restart = async (name: string) => {
    const before = virsh.controllerPid(name);
    virsh.ok('reboot', name);
    await eventually(() => !['-', '', String(before)].includes(virsh.run('domid', name).stdout.trim()), 20_000);
    await virsh.waitForState(name, 'running (booted)');
  };

  it('has a container at level strict, or where lxc.conf says so, and no other', () => {
    give(4);
    expect(idsOf(virsh.boot())).toEqual(without);
    expect(range(4)).toBeGreaterThan(idsOf(virsh.boot({ more: STRICT }))[0]!);
    configure('default_idmap = "auto"\n');
    const [uid, gid] = idsOf(virsh.boot()) as [number, number];
    expect([0, 1, 2, 3].map(range)).toContain(uid);
    expect(gid).toBe(uid);
    expect(idsOf(virsh.boot({ more: level('libvirt') }))).toEqual(without);
    configure('default_idmap = "none"\n');
    expect(idsOf(virsh.boot())).toEqual(without);
    configure('default_idmap = "some"\n');
    expect(virsh.error('start', virsh.define())[1]).toContain('default_idmap');
    configure('');
  });

  it('are shown while it runs, and not stored', () => {
    give(1, 'root');
    const name = virsh.define({ more: STRICT });
    const stored = virsh.ok('dumpxml', name);
    virsh.ok('start', name);
    const live = virsh.ok('dumpxml', name);
    expect(live).toContain(
      `<idmap>\n    <uid start='0' target='${FIRST}' count='65536'/>\n    <gid start='0' target='${FIRST}' count='65536'/>\n  </idmap>`,
    );
    expect(live).toContain("<filesystem type='mount' accessmode='mapped'>");
    const inactive = virsh.ok('dumpxml', name, '--inactive');
    expect(inactive.replace(/ *<resource>.*<\/resource>\n/s, '')).toBe(stored);
    virsh.ok('destroy', name);
    expect(virsh.ok('dumpxml', name)).toBe(inactive);
  });

  it('are those of a transient domain, too, for one run', async () => {
    give(1);
    const name = virsh.name();
    virsh.ok('create', virsh.file('transient.xml', virsh.xml(name, { ...RESTARTED, more: RESTARTED.more + STRICT })));
    const inactive = virsh.ok('dumpxml', name, '--inactive');
    expect(inactive).toContain("accessmode='passthrough'");
    expect(inactive).not.toContain('<idmap>');
    await restart(name);
    expect(idsOf(name)).toEqual([FIRST, FIRST]);
    expect(virsh.ok('dumpxml', name, '--inactive')).toBe(inactive);
    virsh.ok('destroy', name);
  });

  it('are nobody else’s: of containers that start at once each gets its own, and one too many is told', async () => {
    give(4);
    const names = [1, 2, 3, 4].map(() => virsh.define({ more: STRICT }));
    for (const { status, stderr } of await Promise.all(names.map((name) => virsh.begin('start', name))))
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const ids = names.map(idsOf);
    for (const which of [0, 1]) expect(ids.map((pair) => pair[which]).sort()).toEqual([0, 1, 2, 3].map(range));
    const more = virsh.define({ more: STRICT });
    expect(virsh.error('start', more)).toEqual([
      `Failed to start domain '${more}'`,
      `operation failed: no free ids for a user namespace: each of the 4 ranges in ${virsh.path('etc/subuid')} is a running container's`,
    ]);
    virsh.ok('destroy', names[2]!);
    virsh.ok('start', more);
    expect(idsOf(more)).toEqual(ids[2]);
  });

  it('are free when its controller is dead, however it died', async () => {
    give(1);
    const [first, second] = [virsh.boot({ more: STRICT }), virsh.define({ more: STRICT })];
    expect(virsh.run('start', second).status).toBe(1);
    const init = virsh.initPid(first);
    process.kill(virsh.controllerPid(first), 'SIGKILL');
    await eventually(() => !fs.existsSync(`/proc/${init}`));
    virsh.ok('start', second);
    expect(idsOf(second)).toEqual([FIRST, FIRST]);
  });

  it('stay the same when it is started again', async () => {
    give(4);
    for (const name of [1, 2].map(() => virsh.boot({ ...RESTARTED, more: RESTARTED.more + STRICT }))) {
      const ids = idsOf(name);
      await restart(name);
      expect(idsOf(name)).toEqual(ids);
      virsh.ok('destroy', name);
      virsh.ok('start', name);
      expect(idsOf(name)).toEqual(ids);
    }
  });

  it('are none that a running container has by its definition', () => {
    give(2);
    const ids = (kind: string, n: number) => `<${kind} start='0' target='${range(n)}' count='65536'/>`;
    virsh.boot({ accessmode: 'mapped', more: `<idmap>${ids('uid', 0)}${ids('gid', 1)}</idmap>` });
    virsh.boot({ accessmode: 'mapped', more: `<idmap>${ids('uid', 0)}${ids('gid', 1)}</idmap>` }); // that two give the same is their affair
    expect(idsOf(virsh.boot({ more: STRICT }))).toEqual([range(1), range(0)]);
  });

  it('are warned of where a definition gives them as well', () => {
    give(1);
    virsh.boot({ more: STRICT });
    const ids = (kind: string) => `<${kind} start='0' target='${FIRST + 65535}' count='65536'/>`;
    const name = virsh.boot({ accessmode: 'mapped', more: `<idmap>${ids('uid')}${ids('gid')}</idmap>` });
    expect(virsh.log(name)).toContain(`warning: ids of domain '${name}' were chosen for another container that runs\n`);
  });

  it('are asked for by name where there are none', () => {
    give(0);
    expect(virsh.error('start', virsh.define({ more: STRICT }))[1]).toBe(
      `unsupported configuration: no ids for a user namespace: ${virsh.path('etc/subuid')} gives 65536 of them to neither virsh-lxc nor root; ` +
        "add a line such as 'virsh-lxc:1879048192:16777216' to /etc/subuid and /etc/subgid, for 256 containers",
    );
  });

  it.each([
    ['on the host’s own root', { root: '/', init: ['/bin/sleep', '1000'] }, '', "its root is this host's own"],
    [
      'that shares a namespace',
      {},
      `<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><lxc:sharenet type='pid' value='${process.pid}'/></lxc:namespace>`,
      'it shares the namespace net of others',
    ],
  ])('cannot have one %s: at level strict it does not start, else it is warned of', (_, options, more, why) => {
    give(1);
    expect(virsh.error('start', virsh.define({ ...options, more: more + STRICT }))[1]).toBe(
      `unsupported configuration: security level 'strict' wants a user namespace, which this domain cannot have: ${why}`,
    );
    configure('default_idmap = "auto"\n');
    const name = virsh.boot({ ...options, more });
    expect(idsOf(name)).toEqual(without);
    expect(virsh.log(name)).toContain(`domain '${name}' gets no user namespace by default_idmap: ${why}\n`);
    virsh.ok('destroy', name);
    configure('');
  });

  it('own what it is given: terminals, devices, groups, images, and what is attached later', () => {
    give(1);
    const name = virsh.boot({
      more: STRICT,
      consoles: 2,
      devices: `<filesystem type='ram'><source usage='64'/><target dir='/mnt'/></filesystem>
        <hostdev mode='capabilities' type='misc'><source><char>/dev/zero</char></source></hostdev>`,
    });
    const script =
      'stat -c %u:%g / /dev /dev/zero /dev/pts/ptmx /proc/meminfo /mnt /proc/1; stat -c %u:%g /dev/pts/0 /dev/pts/1; touch /mnt/x /tmp/x && echo writes';
    expect(virsh.inside(name, script)).toBe(`${'0:0\n'.repeat(7)}0:5\n0:5\nwrites\n`);
    expect(fs.statSync(`${virsh.root}/tmp/x`).uid).toBe(0);
    fs.rmSync(`${virsh.root}/tmp/x`);
    virsh.ok(
      'attach-device',
      name,
      virsh.file('d.xml', "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>"),
    );
    expect(virsh.inside(name, 'stat -c %u:%g /dev/fuse')).toBe('0:0\n');
    virsh.ok('suspend', name);
    virsh.ok('resume', name);
    virsh.ok('destroy', name);
    expect(virsh.leftovers().cgroups).toEqual([]);
  });

  it('are in the plan that --dry-run prints, and taken by nobody then', () => {
    give(1);
    const name = virsh.define({ more: STRICT });
    expect(virsh.ok('start', name, '--dry-run')).toContain('CLONE_NEWUSER');
    virsh.boot({ more: STRICT });
    expect(virsh.run('start', name).stderr).toContain('no free ids');
  });
});
