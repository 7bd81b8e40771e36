// The Debian package: made, read by lintian, installed, used, upgraded, removed and purged in a Debian that has nothing else.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DebianMachine, minimalDebian } from '../helpers/debian-machine.ts';
import { eventually } from '../helpers/eventually.ts';
import { ROOT, suite } from '../helpers/requires.ts';

const PROGRAM = 'usr/lib/virsh-lxc';

/** Makes the package, as it is but for the packing, which takes minutes. */
function makePackage(folder: string, version: string): string {
  const args = ['--arch', process.arch, '--compression', 'none', '--version', version, '--out', folder];
  return execFileSync(process.execPath, [path.join(ROOT, 'src/build/package.mjs'), ...args], { encoding: 'utf8' }).trim();
}

const contents = (deb: string): string => execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' });
const control = (deb: string, field: string): string => execFileSync('dpkg-deb', ['--field', deb, field], { encoding: 'utf8' }).trim();

suite('the Debian package', ['built', 'dpkg_deb', 'readelf'], () => {
  let folder: string;
  let deb: string;

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vl-deb-'));
    deb = makePackage(folder, '0.1');
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('has the program under one name, its manual, unit, completions and papers', () => {
    const files = contents(deb)
      .split('\n')
      .map((line) => line.split(/\s+/))
      .filter(([mode]) => mode && !mode.startsWith('d'))
      .map(([mode, owner, , , , ...name]) => `${mode} ${owner} ${name.join(' ').slice('./'.length)}`);
    expect(files.sort()).toEqual([
      ...[
        'virsh-lxc-autostart.service',
        'virsh-lxc-metrics.service',
        'virsh-lxc-metrics.timer',
        'virsh-lxc-rpc-ro.socket',
        'virsh-lxc-rpc-ro@.service',
        'virsh-lxc-rpc.socket',
        'virsh-lxc-rpc@.service',
        'virsh-lxc@.service',
      ].map((unit) => `-rw-r--r-- root/root usr/lib/systemd/system/${unit}`),
      `-rw-r--r-- root/root ${PROGRAM}/koffi.node`,
      '-rw-r--r-- root/root usr/share/bash-completion/completions/virsh-lxc',
      '-rw-r--r-- root/root usr/share/doc/virsh-lxc/changelog.gz',
      '-rw-r--r-- root/root usr/share/doc/virsh-lxc/copyright',
      '-rw-r--r-- root/root usr/share/fish/vendor_completions.d/virsh-lxc.fish',
      '-rw-r--r-- root/root usr/share/lintian/overrides/virsh-lxc',
      '-rw-r--r-- root/root usr/share/man/man1/virsh-lxc.1.gz',
      '-rw-r--r-- root/root usr/share/man/man1/virt-host-validate.1virsh-lxc.gz',
      '-rw-r--r-- root/root usr/share/man/man1/virt-top.1virsh-lxc.gz',
      '-rw-r--r-- root/root usr/share/man/man7/virsh-lxc-cluster.7.gz',
      '-rw-r--r-- root/root usr/share/man/man8/libvirt_lxc.8.gz',
      '-rw-r--r-- root/root usr/share/virsh-lxc/TEMPLATE.virsh-lxc',
      '-rw-r--r-- root/root usr/share/virsh-lxc/selinux/virsh-lxc-container.cil',
      '-rw-r--r-- root/root usr/share/virsh-lxc/virsh-lxc.schema.json',
      '-rw-r--r-- root/root usr/share/zsh/vendor-completions/_virsh-lxc',
      `-rwxr-xr-x root/root ${PROGRAM}/libvirt_lxc`,
      `-rwxr-xr-x root/root ${PROGRAM}/virsh-lxc`,
      `-rwxr-xr-x root/root ${PROGRAM}/virsh-lxc-leases`,
      `-rwxr-xr-x root/root ${PROGRAM}/virsh-lxc-rpc`,
      `-rwxr-xr-x root/root ${PROGRAM}/virsh-lxc.bin`,
      `-rwxr-xr-x root/root ${PROGRAM}/virt-host-validate`,
      `-rwxr-xr-x root/root ${PROGRAM}/virt-ssh-helper`,
      `-rwxr-xr-x root/root ${PROGRAM}/virt-top`,
      'lrwxrwxrwx root/root usr/bin/virsh-lxc -> ../lib/virsh-lxc/virsh-lxc',
    ]);
  });

  it('recommends what networks need', () => {
    expect([control(deb, 'Version'), control(deb, 'Recommends')]).toEqual(['0.1', 'dnsmasq-base, nftables']);
  });

  it('is the same, byte for byte, when it is made again', () => {
    const hash = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    const again = path.join(folder, 'again');
    fs.mkdirSync(again);
    expect(hash(makePackage(again, '0.1'))).toBe(hash(deb));
    fs.rmSync(again, { recursive: true });
  });
});

suite('the Debian package, as lintian reads it', ['built', 'dpkg_deb', 'readelf', 'lintian'], () => {
  it('has no errors and nothing to be warned of', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vl-deb-'));
    try {
      const ours = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball';
      const args = ['--fail-on', 'none', '--allow-root', '--suppress-tags', ours, makePackage(folder, '0.1')];
      const { status, stdout, stderr } = spawnSync('lintian', args, { encoding: 'utf8' });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

const needs = ['root', 'built', 'dpkg_deb', 'readelf', 'mmdebstrap', 'fuse', 'minimal_debian'] as const;

suite('the Debian package in a fresh Debian', needs, () => {
  let folder: string;
  let machine: DebianMachine;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vl-deb-'));
    machine = await DebianMachine.boot(minimalDebian()!, path.join(folder, 'machine'));
    for (const version of ['0.1', '0.2']) fs.renameSync(makePackage(folder, version), machine.path(`root/${version}.deb`));
    fs.writeFileSync(machine.path('root/files'), machine.ok(FILES));
  }, 240_000);
  afterEach(() => {
    machine.run(`dpkg -i /root/0.1.deb; virsh-lxc destroy ${name}; virsh-lxc undefine ${name}; dpkg -P virsh-lxc`);
  });
  afterAll(() => {
    machine?.off();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const name = `deb-${process.pid}`;

  /** Its files are the machine's: a shell is all that may be its init. */
  const definition = (more = '') => `<domain type='lxc'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg>
    <initarg>trap 'exit 0' HUP TERM; while :; do sleep 60 &amp; wait; done</initarg></os>
  ${more}
  <devices><console type='pty'/></devices>
</domain>
`;

  /** Everything that is not written by dpkg about packages, or by us about domains. */
  const FILES = "find / -xdev ! -path '/var/lib/dpkg*' ! -path '/root/*' ! -path '/var/log/*' | sort";

  /** Is there the process, and not only what its parent is to be told of it? */
  const isRunning = (pid: number): boolean => {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    } catch {
      return false; // gone
    }
  };
  const controller = (): number => Number(machine.ok(`virsh-lxc domid ${name}`));
  const up = (more = ''): number => {
    fs.writeFileSync(machine.path('root/d.xml'), definition(more));
    machine.ok(`dpkg -i /root/0.1.deb && virsh-lxc define /root/d.xml && virsh-lxc start ${name}`);
    return controller();
  };

  it('is installed by dpkg alone, without Node, and runs a container', async () => {
    expect(machine.run('command -v node bun virsh dnsmasq').stdout).toBe('');
    expect(machine.run('dpkg -i /root/0.1.deb')).toMatchObject({ status: 0, stderr: '' });
    expect(machine.ok('readlink -f /usr/bin/virsh-lxc')).toBe(`/${PROGRAM}/virsh-lxc\n`);
    fs.writeFileSync(machine.path('root/d.xml'), definition());
    expect(machine.ok('virsh-lxc define /root/d.xml')).toBe(`Domain '${name}' defined from /root/d.xml\n\n`);
    expect(machine.ok(`virsh-lxc start ${name}`)).toBe(`Domain '${name}' started\n\n`);
    expect(machine.ok(`virsh-lxc -q lxc-enter-namespace ${name} -- /bin/cat /proc/1/comm`)).toBe('sh\n');
    expect(machine.ok(`virsh-lxc shutdown ${name}`)).toBe(`Domain '${name}' is being shutdown\n\n`);
    await eventually(() => machine.ok(`virsh-lxc domstate ${name} --reason`) === 'shut off (shutdown)\n\n');
  });

  it('has units whose programs are there, not enabled by the installation', () => {
    machine.ok('dpkg -i /root/0.1.deb');
    const units = machine.ok('cat /usr/lib/systemd/system/virsh-lxc-*.service');
    const programs = [...units.matchAll(/([^\s=]*virsh-lxc) -c lxc/g)].map(([, program]) => program!);
    expect(programs).toEqual(['/usr/bin/virsh-lxc', '/usr/bin/virsh-lxc', '/usr/bin/virsh-lxc']);
    machine.ok(programs.map((program) => `test -x ${program}`).join(' && '));
    expect(machine.ok('find /etc/systemd -name "virsh-lxc*"')).toBe('');
  });

  it('is upgraded under a running container, which the next version lists, enters, reboots and ends', async () => {
    // This shell cannot tell the kernel that it wants to be started again.
    const old = up('<on_poweroff>restart</on_poweroff>');
    const init = () => machine.ok(`virsh-lxc -q lxc-enter-namespace ${name} -- /bin/readlink /proc/1/exe`);
    expect(machine.run('dpkg -i /root/0.2.deb')).toMatchObject({ status: 0, stderr: '' });
    expect(machine.ok('dpkg-query --show virsh-lxc')).toBe('virsh-lxc\t0.2\n');
    expect(controller()).toBe(old);
    expect(machine.ok('virsh-lxc list --name')).toBe(`${name}\n\n`);
    expect(init()).toMatch(/sh$/m);
    machine.ok(`virsh-lxc reboot ${name}`);
    await eventually(() => controller() > 0 && controller() !== old);
    expect(init()).toMatch(/sh$/m);
    expect(machine.ok(`virsh-lxc destroy ${name}`)).toBe(`Domain '${name}' destroyed\n\n`);
    expect(isRunning(old)).toBe(false);
  });

  it('has the next version clear up after a container that ends by itself', async () => {
    const old = up();
    machine.ok('dpkg -i /root/0.2.deb');
    machine.ok(`virsh-lxc send-process-signal ${name} 1 TERM`);
    await eventually(() => !isRunning(old));
    await eventually(() => machine.ok(`virsh-lxc domstate ${name} --reason`) === 'shut off (shutdown)\n\n');
    expect(machine.ok('ls /run/libvirt/lxc')).not.toContain(`${name}.xml`);
  });

  it('is removed with a word about the containers that are left, which run on and are found when it is installed again', () => {
    const pid = up();
    const { status, stderr } = machine.run('dpkg -r virsh-lxc');
    expect([status, stderr]).toEqual([
      0,
      `virsh-lxc: these domains go on running:\n  ${name}\nvirsh-lxc: they can be ended when the package is installed again, or end with the host.\n`,
    ]);
    expect(machine.run('command -v virsh-lxc').stdout).toBe('');
    expect(isRunning(pid)).toBe(true);
    machine.ok('dpkg -i /root/0.1.deb');
    expect(controller()).toBe(pid);
    machine.ok(`virsh-lxc destroy ${name}`);
    expect(isRunning(pid)).toBe(false);
  });

  it('is removed with a word about the networks that stay active', () => {
    // It is plugged into a bridge of the host, which need not be there: the network itself needs no program and makes no link.
    const network = "<network><name>outer</name><forward mode='bridge'/><bridge name='vldeb0'/></network>";
    fs.writeFileSync(machine.path('root/n.xml'), network);
    machine.ok('dpkg -i /root/0.1.deb && virsh-lxc net-define /root/n.xml && virsh-lxc net-start outer');
    const { status, stderr } = machine.run('dpkg -r virsh-lxc');
    const words =
      'these networks stay active:\n  outer\nvirsh-lxc: they can be ended when the package is installed again, or end with the host.';
    expect([status, stderr]).toEqual([0, `virsh-lxc: ${words}\n`]);
    machine.ok(
      'dpkg -i /root/0.1.deb && virsh-lxc net-destroy outer && virsh-lxc net-undefine outer && rm -r /etc/libvirt/qemu /var/lib/libvirt',
    );
  });

  it('leaves definitions and logs when it is purged, says so, and leaves nothing else', () => {
    up();
    machine.ok(`virsh-lxc destroy ${name}`);
    expect(machine.run('dpkg -P virsh-lxc')).toMatchObject({
      status: 0,
      stderr: ['/etc/libvirt/lxc', '/var/log/libvirt/lxc']
        .map((kept) => `virsh-lxc: ${kept} is left as it is: libvirt uses it, too\n`)
        .join(''),
    });
    const before = new Set(fs.readFileSync(machine.path('root/files'), 'utf8').split('\n'));
    const left = machine
      .ok(FILES)
      .split('\n')
      .filter((file) => !before.has(file));
    expect(left).toEqual(['/etc/libvirt', '/etc/libvirt/lxc', `/etc/libvirt/lxc/${name}.xml`]);
  });

  it('keeps its unit enabled when it is removed, not when it is purged', () => {
    const link = '/etc/systemd/system/multi-user.target.wants/virsh-lxc-autostart.service';
    machine.ok('dpkg -i /root/0.1.deb');
    machine.ok(`mkdir -p ${path.dirname(link)} && ln -s /usr/lib/systemd/system/virsh-lxc-autostart.service ${link}`);
    machine.ok('dpkg -r virsh-lxc');
    expect(machine.ok(`readlink ${link}`)).toBe('/usr/lib/systemd/system/virsh-lxc-autostart.service\n');
    machine.ok('dpkg -P virsh-lxc');
    expect(machine.run(`readlink ${link}`).status).toBe(1);
  });

  it('says nothing when it is removed and nothing is left', () => {
    machine.ok('dpkg -i /root/0.1.deb');
    expect(machine.run('dpkg -r virsh-lxc')).toMatchObject({ status: 0, stderr: '' });
  });
});
