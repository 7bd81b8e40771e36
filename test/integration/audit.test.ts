// What is put on record of containers: in the domain's log, which has the same records where that is wanted, and in the host's audit log.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { beforeEach, expect, it } from 'vitest';
import { expectPaired, LOGGED, lifeOf, logged } from '../helpers/audit-log.ts';
import { makeProgram } from '../helpers/c-program.ts';
import { eventually } from '../helpers/eventually.ts';
import { requires, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const REBOOTS = ['/bin/sh', '-c', "trap 'exec /bin/reboot -f' HUP; trap 'exit' TERM; while :; do sleep 0.01; done"];

suite('records in the log of a domain', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  beforeEach(() => void virsh.file('etc/libvirt/lxc.conf', LOGGED));

  const who = (name: string): string => `vm="${name}" uuid=${virsh.ok('domuuid', name).trim()}`;

  it('are of a start, what it has and what its cgroup lets it use', () => {
    const name = virsh.boot({ memoryKiB: 70_000 });
    const [controller, init] = [virsh.controllerPid(name), virsh.initPid(name)];
    const records = logged(virsh, name);
    const cgroup = /cgroup="([^"]*)"/.exec(records[0]!)![1]!;
    expect(fs.existsSync(cgroup)).toBe(true);
    const rule = (words: string): string => `yes virt=lxc resrc=cgroup reason=${words.replace(' ', ` ${who(name)} cgroup="${cgroup}" `)}`;
    const node = (path: string, rdev: string): string => rule(`allow class=path path="/dev/${path}" rdev=${rdev} acl=rwm`);
    expect(records).toEqual([
      rule('deny class=all'),
      node('null', '01:03'),
      node('zero', '01:05'),
      node('full', '01:07'),
      node('random', '01:08'),
      node('urandom', '01:09'),
      node('tty', '05:00'),
      node('ptmx', '05:02'),
      node('fuse', '0A:E5'),
      rule('allow class=major category=pty maj=88 acl=rwm'),
      `yes virt=lxc resrc=fs reason=start ${who(name)} old-fs="?" new-fs="${virsh.root}"`,
      `yes virt=lxc resrc=chardev reason=start ${who(name)} old-chardev="?" new-chardev="${virsh.ok('ttyconsole', name).trim()}"`,
      `yes virt=lxc resrc=mem reason=start ${who(name)} old-mem=0 new-mem=70000`,
      `yes virt=lxc resrc=vcpu reason=start ${who(name)} old-vcpu=0 new-vcpu=1`,
      `yes virt=lxc op=start reason=booted ${who(name)} vm-pid=${controller}`,
      `yes virt=lxc op=init ${who(name)} vm-pid=${controller} init-pid=${init} pid-ns=${fs.statSync(`/proc/${init}/ns/pid`).ino}`,
    ]);
  });

  it('are of devices and memory, also of those that could not be had', () => {
    const name = virsh.boot();
    const begun = logged(virsh, name).length;
    const char = (device: string): string =>
      virsh.file('char.xml', `<hostdev mode='capabilities' type='misc'><source><char>/dev/${device}</char></source></hostdev>`);
    virsh.ok('attach-device', name, char('kmsg'));
    virsh.ok('detach-device', name, char('kmsg'));
    virsh.error('attach-device', name, char('no-such'));
    virsh.ok('attach-device', name, char('kmsg'), '--config');
    virsh.ok('setmem', name, '40000', '--live');
    const cgroup = /cgroup="[^"]*"/.exec(logged(virsh, name)[0]!)![0];
    expect(logged(virsh, name).slice(begun)).toEqual([
      `yes virt=lxc resrc=cgroup reason=allow ${who(name)} ${cgroup} class=path path="/dev/kmsg" rdev=01:0B acl=rwm`,
      `yes virt=lxc resrc=hostdev reason=attach ${who(name)} chardev="/dev/kmsg"`,
      `yes virt=lxc resrc=hostdev reason=detach ${who(name)} chardev="/dev/kmsg"`,
      `yes virt=lxc resrc=cgroup reason=deny ${who(name)} ${cgroup} class=path path="/dev/kmsg" rdev=01:0B acl=rwm`,
      `no virt=lxc resrc=hostdev reason=attach ${who(name)} chardev="/dev/no-such"`,
      `yes virt=lxc resrc=mem reason=update ${who(name)} old-mem=65536 new-mem=40000`,
    ]);
  });

  it.each([
    ['destroyed', ['destroyed'], (name: string): unknown => virsh.ok('destroy', name)],
    ['shut down', ['shutdown'], (name: string): unknown => virsh.ok('shutdown', name, '--wait', '10')],
    ['killed', ['failed'], (name: string): unknown => process.kill(virsh.initPid(name), 'SIGKILL')],
    [
      'left by its controller',
      ['failed'],
      async (name: string) => {
        process.kill(virsh.controllerPid(name), 'SIGKILL');
        await eventually(() => virsh.run('start', name).status === 0);
        virsh.ok('destroy', name);
      },
    ],
  ] as const)('are of its end when it is %s', async (_how, [reason], end) => {
    const name = virsh.boot({ init: REBOOTS });
    await end(name);
    await eventually(() => virsh.ok('domstate', name).trim() === 'shut off');
    const life = lifeOf(logged(virsh, name));
    expect(life.slice(0, 2)).toEqual(['start booted', `stop ${reason}`]);
    expectPaired(life);
  });

  it('are of its end and its new start when it reboots', async () => {
    const name = virsh.boot({ init: REBOOTS });
    virsh.ok('reboot', name);
    await eventually(() => lifeOf(logged(virsh, name)).length === 3);
    virsh.ok('destroy', name);
    expect(lifeOf(logged(virsh, name))).toEqual(['start booted', 'stop reboot', 'start reboot', 'stop destroyed']);
  });

  it('are of a start that failed', () => {
    const name = virsh.define({ init: ['/no/such'] });
    virsh.error('start', name);
    expect(logged(virsh, name).at(-1)).toBe(`no virt=lxc op=start reason=booted ${who(name)} vm-pid=0`);
    expect(lifeOf(logged(virsh, name))).toEqual([]);
  });

  it('cannot be faked by a name', () => {
    const name = virsh.name(' op=stop vm="other"');
    virsh.boot({}, name);
    for (const record of logged(virsh, name)) expect(record).toContain(` vm=${Buffer.from(name).toString('hex').toUpperCase()} uuid=`);
  });

  it.skipIf(requires('audit') === undefined)(
    'are a must where audit_level is 2: without the kernel’s nothing is begun, but what runs ends',
    () => {
      const name = virsh.boot();
      virsh.file('etc/libvirt/lxc.conf', 'audit_level = 2\n');
      const words = /^internal error: Audit is not supported by the kernel, or not enabled: audit_level is 2$/;
      expect(virsh.error('setmem', name, '40000', '--live')).toEqual([expect.stringMatching(words)]);
      virsh.ok('destroy', name);
      expect(virsh.error('start', name)).toEqual([`Failed to start domain '${name}'`, expect.stringMatching(words)]);
    },
  );
});

suite('a record that a container writes', ['root', 'built', 'busybox', 'fuse', 'userns', 'programs'], () => {
  const virsh = useVirsh();
  const IDMAP = "<idmap><uid start='0' target='100000' count='1000'/><gid start='0' target='100000' count='1000'/></idmap>";
  const level = (name: string): string => `<virsh-lxc:security xmlns:virsh-lxc='urn:virsh-lxc:domain:1.0' level='${name}'/>`;
  const granted = (state: string): string =>
    `<features><capabilities policy='default'><audit_write state='${state}'/></capabilities></features>`;

  /** The kernel takes it from whoever has the capability on the host (capabilities(7)). */
  it.each([
    ['as libvirt’s containers are', 'written', level('libvirt')],
    ['by default', 'no socket: Protocol not supported', level('default')],
    ['where the definition grants that', 'written', level('default') + granted('on')],
    ['without the capability', 'Operation not permitted', level('libvirt') + granted('off')],
    ['with ids of its own', 'Connection refused', level('libvirt') + IDMAP],
    ['at level strict', 'no socket: Protocol not supported', level('strict')],
  ])('%s: %s', (_how, said, more) => {
    makeProgram('audit-writer', virsh.root);
    const name = virsh.boot({ more });
    expect(virsh.inside(name, '/bin/audit-writer')).toBe(`${said}\n`);
  });
});

suite('records of the host', ['root', 'built', 'busybox', 'fuse', 'audit'], () => {
  const virsh = useVirsh();

  const search = (...options: string[]): string => {
    const { stdout, stderr } = spawnSync('ausearch', ['--input-logs', '-m', 'VIRT_CONTROL,VIRT_RESOURCE,VIRT_MACHINE_ID', ...options], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    return stdout + (stderr.includes('<no matches>') ? '' : stderr);
  };
  /** What the log has of one domain, less when and by whom. */
  const recorded = (name: string): string[] =>
    search('--raw')
      .split('\n')
      .filter((line) => line.includes(` vm="${name}" `))
      .map((line) => line.replace(/^type=VIRT_(\w+) .*?msg='(.*?)'.*$/, '$1 $2'));

  it('are those of the domain’s log, with who writes them', async () => {
    virsh.file('etc/libvirt/lxc.conf', 'audit_logging = 1\n');
    const name = virsh.boot();
    virsh.ok('setmem', name, '40000', '--live');
    virsh.ok('destroy', name);
    const expected = logged(virsh, name).map((text) => {
      const [, success, record] = /^(yes|no) (.*)$/.exec(text)!;
      const type = record!.includes(' op=') ? 'CONTROL' : 'RESOURCE';
      const exe = fs.realpathSync(virsh.command.replace(/bin\/virsh-lxc$/, 'dist/virsh-lxc.bin'));
      return `${type} ${record} exe="${exe}" hostname=? addr=? terminal=? res=${success === 'yes' ? 'success' : 'failed'}`;
    });
    expect(expected.length).toBeGreaterThan(15);
    await eventually(() => recorded(name).length >= expected.length);
    expect(recorded(name)).toEqual(expected);
    expect(search('-i')).toContain(`op=stop reason=destroyed vm=${name} `);
  });

  it('are paired by auvirt, also after deaths and under odd names', async () => {
    const name = virsh.name(' "ä');
    virsh.boot({ init: REBOOTS }, name);
    virsh.ok('reboot', name);
    await eventually(() => search('-i').includes('reason=reboot'));
    process.kill(virsh.controllerPid(name), 'SIGKILL');
    await eventually(() => virsh.run('start', name).status === 0);
    virsh.ok('destroy', name);
    virsh.define({ init: ['/no/such'] }, `${name}2`);
    virsh.error('start', `${name}2`);
    await eventually(() => search('-i').includes('reason=destroyed'));
    const auvirt = (...options: string[]): string => spawnSync('auvirt', [...options], { encoding: 'utf8' }).stdout;
    const ours = (text: string): string[] => text.split('\n').filter((line) => line.includes(name));
    const uuid = (of: string): string => virsh.ok('domuuid', of).trim();
    // One line for each time that it ran: from when to when.
    expect(ours(auvirt('--uuid', uuid(name))).map((line) => / - \d\d:\d\d /.test(line))).toEqual([true, true, true]);
    expect(ours(auvirt('--uuid', uuid(`${name}2`))).map((line) => / - failed/.test(line))).toEqual([true]);
    const words = ours(auvirt('--all-events', '--uuid', uuid(name))).map((line) => line.split(/\s+/)[0]);
    expect(words.filter((word) => word === 'start').length).toBe(3);
    expect(words.filter((word) => word === 'stop').length).toBe(3);
    expect(words.filter((word) => word === 'resrc').length).toBeGreaterThan(20);
  });

  it('are none at audit_level 0', async () => {
    virsh.file('etc/libvirt/lxc.conf', 'audit_level = 0\n');
    const silent = virsh.boot();
    virsh.ok('destroy', silent);
    virsh.file('etc/libvirt/lxc.conf', 'audit_level = 2\n');
    const name = virsh.boot();
    virsh.ok('destroy', name);
    await eventually(() => recorded(name).some((line) => line.includes('op=stop')));
    expect(recorded(silent)).toEqual([]);
  });
});
