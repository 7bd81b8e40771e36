// Containers confined by AppArmor: what their profile is, and that it holds.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { FILE, type Flag, type Mount, Policy } from '../helpers/apparmor-policy.ts';
import { liveWithInit } from '../helpers/busybox-init.ts';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

const SECLABEL = "<seclabel type='dynamic' model='apparmor'/>";
const loaded = (): string[] => fs.readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8').split('\n');
const isLoaded = (profile: string): boolean => loaded().includes(`${profile} (enforce)`);

/** What the audit log, or the kernel's where no daemon takes it, has of a profile's denials. */
function denials(profile: string): string[] {
  const log = '/var/log/audit/audit.log';
  const text = fs.existsSync(log) ? fs.readFileSync(log, 'latin1') : execFileSync('dmesg', { encoding: 'latin1' });
  return text.split('\n').filter((line) => line.includes('apparmor="DENIED"') && line.includes(`profile="${profile}"`));
}

suite('AppArmor', ['root', 'built', 'static_busybox', 'fuse', 'script', 'apparmor'], () => {
  const virsh = useVirsh();
  const profileOf = (name: string): string => `libvirt-${virsh.ok('domuuid', name).trim()}`;
  const confined = (more = '') => ({ more: `<features><privnet/></features>${more}${SECLABEL}` });

  it('confines a container by a profile of its own while it runs', async () => {
    const [name, other] = [virsh.boot(confined()), virsh.boot(confined())];
    const profile = profileOf(name);
    expect(virsh.inside(name, 'cat /proc/1/attr/apparmor/current /proc/self/attr/apparmor/current')).toBe(
      `${profile} (enforce)\n`.repeat(2),
    );
    expect(virsh.ok('dominfo', name)).toContain(`Security model: apparmor\nSecurity DOI:   0\nSecurity label: ${profile} (enforcing)\n`);
    expect(virsh.ok('dumpxml', name, '--xpath', '//seclabel')).toContain(`<label>${profile}</label>`);
    expect(virsh.ok('dumpxml', name, '--xpath', '//seclabel')).toContain(`<imagelabel>${profile}</imagelabel>`);
    expect(isLoaded(profile) && isLoaded(profileOf(other))).toBe(true);
    const outside = virsh.run('-q', 'lxc-enter-namespace', name, '--noseclabel', '--', '/bin/cat', '/proc/self/attr/apparmor/current');
    expect(outside.stdout.trim()).toBe('unconfined');
    virsh.ok('destroy', name);
    expect(isLoaded(profile)).toBe(false);
    expect(isLoaded(profileOf(other))).toBe(true);
    const controller = virsh.controllerPid(other);
    process.kill(controller, 'SIGKILL');
    await eventually(() => !fs.existsSync(`/proc/${controller}`));
    virsh.ok('list', '--all');
    await eventually(() => virsh.run('domstate', other).stdout.includes('shut off') && !isLoaded(profileOf(other)));
  });

  it('holds for a file system that is attached later, too', () => {
    const [domain, data] = [virsh.boot({ ...confined() }), fs.mkdtempSync(virsh.path('data-'))];
    const file = virsh.file('fs.xml', `<filesystem><source dir='${data}'/><target dir='/data'/><readonly/></filesystem>`);
    const write = 'mount -o remount,bind,rw /data; touch /data/x';
    virsh.ok('attach-device', domain, file);
    expect(virsh.runInside(domain, write).status).not.toBe(0);
    expect(fs.readdirSync(data)).toEqual([]);
    virsh.ok('detach-device', domain, file);
    virsh.ok('attach-device', domain, virsh.file('fs.xml', fs.readFileSync(file, 'utf8').replace('<readonly/>', '')));
    expect(virsh.runInside(domain, 'touch /data/x').status).toBe(0);
    virsh.error(
      'attach-device',
      domain,
      virsh.file('bad.xml', "<filesystem><source dir='/no/such'/><target dir='/x'/><readonly/></filesystem>"),
    );
    expect(isLoaded(profileOf(domain))).toBe(true);
  });

  const name = () => virsh.boot(confined());
  const REFUSED = [
    ['sysrq-trigger', 'echo h >/proc/sysrq-trigger'],
    ['core_pattern', 'mount -t proc proc /proc && echo /x >/proc/sys/kernel/core_pattern'],
    ['/proc/sys/vm', 'mount -t proc proc /proc && echo 1 >/proc/sys/vm/drop_caches'],
    ['/proc/kcore', 'head -c 1 /proc/kcore'],
    ['/proc/kcore by another name', 'mount -t proc proc /proc && mount -o rbind /proc/kcore /proc/kallsyms && head -c 1 /proc/kallsyms'],
    [
      'kcore in a root in a root',
      `d=/run/systemd; mkdir -p $d/unit-root $d/namespace-1 && mount -t proc proc $d/namespace-1 && mount -o rbind / $d/unit-root &&
       mount -o bind $d/unit-root$d/namespace-1 $d/unit-root/mnt && head -c 1 $d/unit-root/mnt/kcore`,
    ],
    ['another place for proc', 'mount -t proc proc /mnt'],
    ['another place for sysfs', 'mount -t sysfs sysfs /mnt'],
    ['another name for a sysctl', 'mount -o bind /proc/sys/kernel/core_pattern /etc/passwd'],
    ['another name for all', 'mount -o rbind / /mnt'],
    ['moving /proc', 'mount -o move /proc /mnt'],
    ['a file system of the whole host', 'mount -t binfmt_misc none /mnt'],
    ['a file system of layers', 'mount -t overlay -o ro,lowerdir=/sys/firmware:/bin none /mnt'],
    ["debugfs' files", 'mount -t debugfs none /sys/kernel/debug; ls /sys/kernel/debug/x86'],
    ["debugfs' files in another's place", 'mount -t debugfs none /sys/fs/bpf; ls /sys/fs/bpf/x86'],
    ['a root made of somewhere else', 'pivot_root /mnt /mnt'],
    ['to be unconfined', 'echo "changeprofile unconfined" >/proc/self/attr/apparmor/current'],
    ['to become so', 'echo "exec unconfined" >/proc/self/attr/apparmor/exec'],
  ];
  it('refuses what reaches the host, and the audit log has it', async () => {
    const domain = virsh.boot({ ...confined(), devices: '' });
    const profile = profileOf(domain);
    for (const [what, script] of REFUSED) {
      const before = denials(profile).length;
      const { status } = virsh.runInside(domain, script!);
      expect({ what, status: status !== 0 }).toEqual({ what, status: true });
      await eventually(() => denials(profile).length > before || /* a mask of the level's is in front */ /kcore|sysrq/.test(what!));
    }
  });

  it('confines who copies files in and out', async () => {
    const domain = virsh.boot({ ...confined(), level: 'libvirt' });
    const profile = profileOf(domain);
    const tree = virsh.path('copied');
    fs.mkdirSync(`${tree}/sub`, { recursive: true });
    fs.writeFileSync(`${tree}/sub/file`, 'x'.repeat(200_000), { mode: 0o604 });
    fs.symlinkSync('sub', `${tree}/link`);
    fs.linkSync(`${tree}/sub/file`, `${tree}/second`);
    virsh.ok('cp', '--archive', tree, `${domain}:/tmp/in`);
    virsh.ok('cp', '--archive', `${domain}:/tmp/in`, `${tree}/out`);
    expect(fs.readFileSync(`${tree}/out/second`, 'utf8')).toBe('x'.repeat(200_000));
    expect(denials(profile)).toEqual([]);
    expect(virsh.error('cp', `${domain}:/proc/kcore`, tree)).toEqual([`cannot read '${domain}:/proc/kcore': Permission denied`]);
    await eventually(() => denials(profile).length > 0);
  });

  it('leaves it what an init system needs, and what is executed in it its standard output', () => {
    const domain = name();
    const out = virsh.path('out');
    const fd = fs.openSync(out, 'w');
    spawnSync(virsh.command, ['lxc-enter-namespace', domain, '--', '/bin/stat', '-L', '-c', '%s', '/proc/self/fd/1'], {
      env: virsh.env,
      stdio: ['ignore', fd, 'ignore'],
    });
    fs.closeSync(fd);
    expect(fs.readFileSync(out, 'latin1').trim()).toBe('0');
    for (const script of [
      'mount -t tmpfs tmpfs /mnt && umount /mnt',
      'mount -o bind /bin /mnt && umount /mnt',
      'mkdir -p /run/systemd/unit-root && mount -o rbind / /run/systemd/unit-root && umount -l /run/systemd/unit-root',
      'echo 1 >/proc/sys/net/ipv4/ip_forward',
      'sleep 100 & kill $!',
    ])
      expect(virsh.runInside(domain, script)).toMatchObject({ status: 0, stderr: '' });
  });

  it("boots busybox's own init system, whose console is logged in on", async () => {
    await liveWithInit(virsh, { more: SECLABEL }, (name) => {
      expect(virsh.inside(name, 'cat /proc/1/attr/apparmor/current')).toBe(`${profileOf(name)} (enforce)\n`);
    });
  });

  it('lets no process signal or look at one outside', async () => {
    const domain = name();
    const profile = profileOf(domain);
    const other = spawn('sleep', ['1000']);
    try {
      const as = (...command: string[]) => spawnSync('aa-exec', ['-p', profile, '--', ...command], { encoding: 'utf8' });
      expect(as('sh', '-c', `kill -9 ${other.pid}`).status).not.toBe(0);
      expect(as('cat', `/proc/${other.pid}/environ`).status).not.toBe(0);
      expect(other.exitCode).toBe(null);
      await eventually(() => /operation="signal"/.test(denials(profile).join()) && /operation="ptrace"/.test(denials(profile).join()));
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('lets a template refuse what is opened through a directory that is left open', async () => {
    const own = fs.readFileSync('dist/apparmor/TEMPLATE.virsh-lxc', 'utf8').replace('attach_disconnected,', '');
    const template = virsh.file('etc/apparmor.d/libvirt/TEMPLATE.virsh-lxc', own);
    const domain = virsh.define({
      ...confined(),
      init: ['/bin/sh', '-c', 'cat /proc/self/fd/3/hostname >/tmp/leak 2>&1; exec sleep 1000'],
    });
    const fd = fs.openSync('/etc', 'r');
    try {
      const { stderr, status } = spawnSync(virsh.command, ['start', domain, '--pass-fds', '3'], {
        env: virsh.env,
        stdio: ['ignore', 'ignore', 'pipe', fd],
        encoding: 'utf8',
      });
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    } finally {
      fs.closeSync(fd);
      fs.rmSync(template);
    }
    const profile = profileOf(domain);
    await eventually(() => expect(virsh.inside(domain, 'cat /tmp/leak')).toContain('Permission denied'));
    await eventually(() => denials(profile).some((line) => line.includes('hostname')));
  });

  it('compiles a profile once, and anew for another template', () => {
    const domain = virsh.define(confined());
    const profile = profileOf(domain);
    const cached = virsh.path('var/cache/virsh-lxc/apparmor', profile);
    const cycle = () => {
      virsh.ok('start', domain);
      const readable = virsh.runInside(domain, 'cat /etc/passwd').status === 0;
      virsh.ok('destroy', domain);
      return readable;
    };
    expect(cycle()).toBe(true);
    const { ino } = fs.statSync(cached);
    expect(cycle()).toBe(true);
    expect(fs.statSync(cached).ino).toBe(ino);
    const template = 'etc/apparmor.d/libvirt/TEMPLATE.virsh-lxc';
    virsh.file(template, 'profile LIBVIRT_TEMPLATE {\n  file,\n  capability,\n  network,\n  deny /etc/passwd r,\n}\n');
    expect(cycle()).toBe(false);
    virsh.file(template, 'profile LIBVIRT_TEMPLATE {\n  nonsense,\n}\n');
    expect(virsh.error('start', domain)).toEqual([
      `Failed to start domain '${domain}'`,
      expect.stringMatching(new RegExp(`^internal error: cannot load AppArmor profile '${profile}': .*line 2`)),
    ]);
    expect(isLoaded(profile)).toBe(false);
    fs.rmSync(virsh.path(template));
  });

  it("takes an administrator's profile, and leaves it", () => {
    const profile = `${virsh.tag}-mine`;
    const text = `profile ${profile} {\n  file,\n  capability,\n  network,\n  signal,\n}\n`;
    const seclabel = (label: string) => `<seclabel type='static' model='apparmor'><label>${label}</label></seclabel>`;
    execFileSync('apparmor_parser', ['--replace', '--skip-cache'], { input: text });
    try {
      const domain = virsh.boot({ more: seclabel(profile) });
      expect(virsh.inside(domain, 'cat /proc/self/attr/apparmor/current')).toBe(`${profile} (enforce)\n`);
      virsh.ok('destroy', domain);
      expect(isLoaded(profile)).toBe(true);
    } finally {
      execFileSync('apparmor_parser', ['--remove'], { input: text });
    }
    const unknown = virsh.file('unknown.xml', virsh.xml(virsh.name(), { more: seclabel('nobodys') }));
    expect(virsh.error('define', unknown).at(-1)).toBe('XML error: Invalid security label nobodys');
    const based = virsh.define({ more: "<seclabel type='dynamic' model='apparmor'><baselabel>x</baselabel></seclabel>" });
    expect(virsh.error('start', based).at(-1)).toBe('unsupported configuration: Cannot set a base label with AppArmour');
  });

  afterAll(() => expect(loaded().filter((line) => line.includes(virsh.tag))).toEqual([]));
});

suite('the template of AppArmor profiles', ['root', 'built', 'apparmor_parser'], () => {
  const text = (): string => fs.readFileSync('dist/apparmor/TEMPLATE.virsh-lxc', 'utf8');

  it('is what the parser takes, of a kernel as it was when the template was written', () => {
    const { status, stderr, stdout } = spawnSync(
      'apparmor_parser',
      ['--skip-kernel-load', '--skip-cache', '--stdout', '--kernel-features', '/etc/apparmor.d/abi/kernel-5.4-vanilla'],
      { input: text() },
    );
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
    // What the kernel compresses at every start, by 0.05 ms a kB.
    expect(stdout.length).toBeLessThan(75_000);
  });

  const STAGE = '/run/systemd/unit-root';
  const bind = (source: string, more: Flag[] = []): Mount => ({ source, flags: ['bind', ...more] });
  const rbind = (source: string): Mount => bind(source, ['rec']);

  it('means what it says, whatever the parser makes of it', () => {
    const policy = new Policy(text());
    const ALLOWED: [place: string, mount: Mount][] = [
      ['/mnt/', { type: 'tmpfs', source: 'none' }],
      ['/proc/', { type: 'proc', source: 'proc' }],
      ['/sys/fs/bpf/', { type: 'bpf', source: 'bpf' }],
      ['/mnt/', bind('/srv/')],
      [`${STAGE}/`, rbind('/')],
      [`${STAGE}/proc/sys/`, rbind(`${STAGE}/proc/sys/`)],
      [`${STAGE}/proc/kcore`, rbind('/run/systemd/inaccessible/reg')],
      [`${STAGE}/sys/fs/cgroup/a.slice/`, rbind(`${STAGE}/sys/fs/cgroup/a.slice/`)],
      [`${STAGE}/etc/`, { flags: ['ro', 'remount', 'bind'] }],
      ['/run/systemd/mount-rootfs/proc/', { source: '/run/systemd/namespace-1a/', flags: ['move'] }],
      ['/', { source: `${STAGE}/`, flags: ['move'] }],
    ];
    const REFUSED_MOUNTS: [place: string, mount: Mount][] = [
      ['/mnt/', { type: 'proc', source: 'proc' }],
      ['/mnt/', { type: 'ext4', source: '/dev/sda1' }],
      ['/sys/', { type: 'debugfs', source: 'none' }],
      ['/mnt/', rbind('/')],
      ['/mnt/', bind('/proc/')],
      [`${STAGE}/mnt/`, bind(`${STAGE}/run/systemd/namespace-1/`)],
      [`${STAGE}/mnt/`, bind(`${STAGE}/run/systemd/mount-rootfs/proc/`)],
      ['/proc/kallsyms', rbind('/proc/kcore')],
      ['/proc/sys/kernel/hostname', rbind('/proc/sysrq-trigger')],
      ['/', { flags: ['remount', 'ro'] }],
      ['/', { flags: ['remount', 'bind'] }],
      ['/mnt/', { flags: ['remount', 'bind'] }],
    ];
    const may = (mounts: [string, Mount][]) => mounts.map(([place, mount]) => [place, mount, policy.mayMount(place, mount)]);
    expect(may(ALLOWED)).toEqual(ALLOWED.map((one) => [...one, true]));
    expect(may(REFUSED_MOUNTS)).toEqual(REFUSED_MOUNTS.map((one) => [...one, false]));
  });

  it("lets the host's file systems be nowhere but where their files are refused", () => {
    const policy = new Policy(text());
    const { read, write } = FILE;
    const HOSTS: [mount: Mount, files: [name: string, bits: number][]][] = [
      [
        { type: 'proc', source: 'proc' },
        [
          ['kcore', read],
          ['kallsyms', read],
          ['sysrq-trigger', write],
          ['sys/kernel/core_pattern', write],
          ['sys/vm/drop_caches', write],
          ['irq/1/smp_affinity', write],
        ],
      ],
      [
        { type: 'sysfs', source: 'sysfs' },
        [
          ['firmware/acpi/tables/DSDT', read],
          ['power/state', write],
          ['kernel/uevent_helper', write],
        ],
      ],
      ...['debugfs', 'tracefs', 'securityfs', 'configfs', 'fusectl', 'bpf', 'pstore'].map((type): (typeof HOSTS)[number] => [
        { type, source: 'none' },
        [['a/b', read | write]],
      ]),
    ];
    for (const [mount, files] of HOSTS) {
      const places = policy.placesFor(mount);
      expect(places.length).toBeGreaterThan(0);
      for (const { path, mayUse } of places)
        for (const [name, bits] of files) expect([mount, path, name, mayUse(name, bits)]).toEqual([mount, path, name, false]);
    }
    // What is laid over something has that name. A file cannot lie over a directory.
    const OVER: [source: string, bits: number][] = [
      ['kcore', read],
      ['sysrq-trigger', write],
      ['sys/kernel/core_pattern', write],
    ];
    for (const root of ['', STAGE])
      for (const [source, bits] of OVER)
        for (const { path } of policy.placesFor(rbind(`${root}/proc/${source}`)))
          if (!path.endsWith('/')) expect([source, path, policy.mayUse(path, bits)]).toEqual([source, path, false]);
    for (const type of ['overlay', 'ext4', 'binfmt_misc', 'devtmpfs', 'cgroup'])
      expect(policy.placesFor({ type, source: 'none' })).toEqual([]);
    for (const flags of [['remount'], ['remount', 'ro']] as Flag[][]) expect(policy.placesFor({ flags })).toEqual([]);
  });
});
