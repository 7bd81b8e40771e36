// The manual page's examples, typed as they stand.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { allExamples } from '../helpers/manual.ts';
import { type Reaction, Reader } from '../helpers/reader.ts';
import { requires, suite } from '../helpers/requires.ts';
import { makeRoot } from '../helpers/rootfs.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Nobody types these here. */
const PASSED_OVER = [
  /^systemctl /, // services of the host's
  /^\S+ -c lxc\+ssh:/, // another host
  /^uri_aliases = /, // a line of a file
];

suite("the manual page's examples", ['root', 'built', 'static_busybox', 'fuse', 'script', 'ip', 'dnsmasq', 'nft', 'userns'], () => {
  const virsh = useVirsh();
  const lacksDebian = requires('minimal_debian');
  const lacksVirsh = requires('libvirt_clients');
  let reader: Reader;

  const REACTIONS: readonly Reaction[] = [
    { command: / (console|--console)( |$)/, shows: /Escape character/, do: '\x1d' },
    { command: /virsh-lxc exec web .* sh$/, shows: /[#$] /, do: 'exit\n' },
    { command: /--follow/, shows: /\n.*\n/, do: '\x03' },
    { command: / --loop /, shows: /\n/, do: '\x03' },
    { command: /^virsh-lxc event /, shows: /^/, do: () => void (virsh.run('start', 'vm1').status === 0 && virsh.ok('destroy', 'vm1')) },
    // It tells, by its status too, what this host lacks.
    { command: /^virt-host-validate /, shows: /^/, do: '' },
  ];

  beforeAll(async () => {
    const lacking = [
      ...(lacksVirsh ? [/^virsh -c /] : []),
      ...(requires('libvirt_clients', 'virt_install') ? [/^uri='lxc\+ext/] : []),
      ...(requires('python3_libvirt') ? [/names\.py/] : []),
    ];
    reader = await Reader.sit(virsh, REACTIONS, [...PASSED_OVER, ...lacking]);
  });
  afterEach(async () => {
    await virsh.reset();
    for (const name of virsh.ok('net-list', '--name').split('\n').filter(Boolean)) virsh.ok('net-destroy', name);
    expect(reader.remains()).toEqual({ links: [], servers: [] });
  });
  afterAll(() => reader?.end());

  const file = (name: string): string => `${reader.home}/${name}`;
  const edit = (name: string, change: (text: string) => string): void =>
    fs.writeFileSync(file(name), change(fs.readFileSync(file(name), 'utf8')));
  /** The part of an example that is put into a definition, as its text says. */
  const fragment = (title: string, number = 0): string => {
    const example = allExamples().filter((one) => one.title === title)[number]!;
    reader.note(example);
    return example.text;
  };

  it("a shell on the host's files, its life and its end", async () => {
    await reader.follow("A shell on the host's files");
    await reader.follow('Scripts that were written for virsh');
    virsh.ok('define', file('vm1.xml'));
    await reader.follow('Waiting for the end of a container');
  });

  it('a root of its own, its ids, and its networks', async () => {
    await reader.follow('A root of its own');
    expect(virsh.state('vm2')).toBe('running (booted)');
    virsh.ok('destroy', 'vm2');

    const plain = fs.readFileSync(file('vm2.xml'), 'utf8');
    edit('vm2.xml', (text) => text.replace('<devices>', `${fragment('Root inside, nobody outside')}<devices>`));
    await reader.follow('Root inside, nobody outside', /^chown /);
    virsh.ok('create', file('vm2.xml'));
    expect(virsh.inside('vm2', 'cat /proc/self/uid_map').trim().split(/ +/)).toEqual(['0', '100000', '65536']);
    expect(virsh.inside('vm2', 'stat -c %u /bin/busybox')).toBe('0\n');
    virsh.ok('destroy', 'vm2');
    execFileSync('chown', ['-hR', '0:0', virsh.path('opt/vm-1-root')]);

    fs.writeFileSync(file('vm2.xml'), plain.replace('<console ', `${fragment('A container in the network default')}<console `));
    await reader.follow('A container in the network default', /^virsh-lxc /);
    // dnsmasq tells of a lease after it has given it: who is as fast as a script may ask too early.
    await eventually(() => / vnet0 +52:54:00:\S+ +ipv4 +192\.168\.122\.\d+\/24\n/.test(virsh.ok('domifaddr', 'vm2')));
    expect(virsh.inside('vm2', 'ip route')).toContain('default via 192.168.122.1 ');
    reader.host.run('nft', 'add table inet filter; add chain inet filter input { type filter hook input priority 0; }');
    await reader.follow('NETWORK XML');
    await reader.follow('net-update');
    expect(virsh.ok('net-dumpxml', 'default')).toContain(`<host mac='52:54:00:00:20:01' ip='192.168.122.10'/>`);

    await reader.follow('A network of your own');
    expect(virsh.ok('domif-getlink', 'vm2', '52:54:00:00:20:01')).toContain(' down');
    expect(virsh.ok('net-dumpxml', 'lab')).toContain(`<host mac='52:54:00:00:20:02' name='db' ip='10.20.30.11'/>`);

    const [first, , ...rest] = fragment('Two containers on one network').trimEnd().split('\n');
    fs.writeFileSync(
      file('vm3.xml'),
      plain
        .replace(/^<domain.*/, first!)
        .replace('vm2', 'vm3')
        .replace('    <privnet/>\n', '')
        .replace('</domain>', rest.join('\n')),
    );
    virsh.ok('create', file('vm3.xml'));
    expect(virsh.inside('vm3', 'ip addr show eth0')).toBe(virsh.inside('vm2', 'ip addr show eth0'));
  });

  it.skipIf(lacksDebian)(
    `a Debian root${lacksDebian ? ` (skipped: ${lacksDebian})` : ''}`,
    async () => {
      // It needs the machine's network, where the reader has one of its own.
      const program = execFileSync('sh', ['-c', 'command -v mmdebstrap'], { encoding: 'utf8' }).trim();
      const outside = `nsenter --net=/proc/${process.pid}/ns/net -- ${program}`;
      fs.writeFileSync(virsh.path('usr/local/bin/mmdebstrap'), `#!/bin/sh\nexec ${outside} "$@"\n`, { mode: 0o755 });
      reader.patienceMs = 200_000;
      await reader.follow('A Debian root');
      reader.patienceMs = 20_000;
    },
    300_000,
  );

  it('an Alpine root: output, copies, a backup, a clone, its end, upgrades', async () => {
    makeArchive();
    await reader.follow('An Alpine root');
    await reader.follow('Commands, output, files');
    await reader.follow('cp');
    expect(fs.readdirSync(file('logs'))).toEqual(['access.log']);
    await reader.follow('exec');
    await reader.follow('logs');
    await reader.follow('Backup and clone');
    await reader.follow('When a container has ended');
    await reader.follow('Upgrade');
    await reader.follow('Completion');
    virsh.ok('destroy', 'web');
    await reader.follow('start');
    await reader.follow('JSON');
    fs.rmSync(virsh.path('usr/local/bin/virsh'), { force: true });
    await reader.follow('OTHER HOSTS, OTHER CLIENTS');
    reader.patienceMs = 60_000;
    await reader.follow('virt-install, virt-manager and others');
    reader.patienceMs = 20_000;
    await reader.follow('await');
    await reader.follow('QUOTING AND SEVERAL COMMANDS');
  });

  it('the units of the package that npm installs', async () => {
    await reader.follow('AUTOSTART');
    expect(fs.readdirSync(virsh.path('etc/systemd/system'))).toEqual(['virsh-lxc-autostart.service']);
  });

  it('are all typed', () => {
    expect(reader.left().filter((line) => !(lacksDebian && line.startsWith('A Debian root')))).toEqual([]);
  });

  /** In the place of the archive that the page names: busybox, and a package manager that has nothing to do. */
  function makeArchive(): void {
    const root = makeRoot(virsh.path('alpine'));
    fs.mkdirSync(`${root}/srv/www`, { recursive: true });
    fs.mkdirSync(`${root}/var/log/nginx`, { recursive: true });
    fs.writeFileSync(`${root}/var/log/nginx/access.log`, '');
    fs.mkdirSync(`${root}/usr/local/bin`, { recursive: true });
    fs.appendFileSync(`${root}/etc/passwd`, 'www-data:x:33:33::/:/bin/sh\n');
    fs.writeFileSync(`${root}/bin/apk`, '#!/bin/sh\necho OK: 1 MiB in 1 packages\n', { mode: 0o755 });
    execFileSync('tar', ['-czf', file('alpine-minirootfs-0-x86_64.tar.gz'), '-C', root, '.']);
    // The package is installed by deb-package.test.ts.
    fs.writeFileSync(virsh.path('usr/local/bin/apt'), '#!/bin/sh\n[ "$1" = install ]\n', { mode: 0o755 });
    fs.writeFileSync(virsh.path('srv/secret'), 'secret\n');
  }
});
