// Programs that were written for libvirt's daemon, as Debian has them, on our protocol: each does its usual work.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';
import { SERVER, serverCommand } from '../helpers/wire.ts';

const uriOf = (virsh: Virsh): string => `lxc+ext:///?command=${serverCommand(virsh)}`;

/** Runs a client to its end; its output. */
function client(virsh: Virsh, program: string, args: readonly string[], { timeoutS = 60, input = '' } = {}): string {
  const env = { PATH: process.env['PATH'] ?? '', HOME: virsh.prefix, LC_ALL: 'C.UTF-8', TERM: 'dumb' };
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...{ encoding: 'utf8', input, cwd: virsh.prefix, env, timeout: timeoutS * 1000 * SLOWNESS },
  });
  if (error) throw error;
  expect({ program, args, status, stderr: status === 0 ? '' : stderr }).toEqual({ program, args, status: 0, stderr: '' });
  return stdout;
}

const NEEDS = ['root', 'built', 'busybox', 'fuse'] as const;

suite('Perl, by Sys::Virt', [...NEEDS, 'sys_virt'], () => {
  const virsh = useVirsh();

  it('defines, starts, asks, talks to the console, and hears what is wrong', () => {
    const name = virsh.name();
    const xml = virsh.file('perl.xml', virsh.xml(name, { init: ['/bin/sh'] }));
    const program = virsh.file(
      'client.pl',
      `use strict; use Sys::Virt; my ($uri, $file) = @ARGV;
local $/; open my $f, '<', $file; my $xml = <$f>; close $f;
my $c = Sys::Virt->new(uri => $uri);
my $d = $c->define_domain($xml);
$d->create; my ($state) = $d->get_state;
print 'state ', $state, "\\n", 'names ', join(',', map { $_->get_name } $c->list_all_domains), "\\n";
my @stats = $c->get_all_domain_stats(Sys::Virt::Domain::STATS_STATE);
print 'stats ', $stats[0]->{data}->{'state.state'}, "\\n";
my $st = $c->new_stream(0); $d->open_console($st, undef, 0);
$st->send("echo hi-\\$((6*7))\\n", 18);
my $b = ''; while ($b !~ /hi-42/) { my $x; $st->recv($x, 4096); $b .= $x; }
print "console\\n"; $st->abort;
eval { $c->get_domain_by_name('none') }; print 'error ', $@->code, ' ', $@->domain, ' ', $@->message, "\\n";
$d->destroy; $d->undefine; my @left = $c->list_all_domains; print 'left ', scalar(@left), "\\n";
`,
    );
    expect(client(virsh, 'perl', [program, uriOf(virsh), xml]).split('\n')).toEqual([
      ...['state 1', `names ${name}`, 'stats 1', 'console'],
      "error 42 17 Domain not found: no domain with matching name 'none'",
      ...['left 0', ''],
    ]);
  });
});

suite('Ruby, by ruby-libvirt', [...NEEDS, 'ruby_libvirt'], () => {
  const virsh = useVirsh();

  it('defines, starts, asks, and hears what is wrong', () => {
    const name = virsh.name();
    const xml = virsh.file('ruby.xml', virsh.xml(name));
    const program = virsh.file(
      'client.rb',
      `require 'libvirt'
uri, file = ARGV
c = Libvirt::open(uri)
d = c.define_domain_xml(File.read(file))
d.create
puts "state #{d.info.state} #{d.active?}", "names #{c.list_domains.map { |id| c.lookup_domain_by_id(id).name }.join(',')}"
puts "memory #{d.max_memory}"
begin
  c.lookup_domain_by_name('none')
rescue Libvirt::Error => e
  puts "error #{e.libvirt_code} #{e.libvirt_message}"
end
d.destroy
d.undefine
puts "left #{c.num_of_defined_domains}"
`,
    );
    expect(client(virsh, 'ruby', [program, uriOf(virsh), xml]).split('\n')).toEqual([
      ...['state 1 true', `names ${name}`, 'memory 65536'],
      "error 42 Domain not found: no domain with matching name 'none'",
      ...['left 0', ''],
    ]);
  });
});

suite('virt-install and its kin', [...NEEDS, 'virt_install'], () => {
  const virsh = useVirsh();

  it('make a container, change it and clone it', () => {
    const [uri, name] = [uriOf(virsh), virsh.name()];
    client(virsh, 'virt-install', [
      ...['--connect', uri, '--container', '--name', name, '--memory', '64', '--init', '/bin/sh'],
      ...['--filesystem', `${virsh.root},/`, '--network', 'none', '--noautoconsole'],
    ]);
    expect(virsh.state(name)).toBe('running (booted)');
    client(virsh, 'virt-xml', ['--connect', uri, name, '--edit', '--memory', '80']);
    client(virsh, 'virt-xml', ['--connect', uri, name, '--add-device', '--filesystem', `${virsh.prefix},/mnt`]);
    const changed = virsh.ok('dumpxml', name, '--inactive');
    expect(changed).toContain("<memory unit='KiB'>81920</memory>");
    expect(changed).toContain("<target dir='/mnt'/>");
    virsh.ok('destroy', name);
    const clone = virsh.name();
    client(virsh, 'virt-clone', ['--connect', uri, '--original', name, '--name', clone, '--auto-clone']);
    virsh.ok('start', clone);
    expect(virsh.inside(clone, 'cat /proc/1/comm')).toBe('sh\n');
    virsh.ok('destroy', clone);
  });
});

suite('collectd', [...NEEDS, 'collectd'], () => {
  const virsh = useVirsh();

  it('reads what domstats tells', async () => {
    const name = virsh.boot();
    const [folder, uri] = [virsh.path('collectd'), uriOf(virsh)];
    const conf = virsh.file(
      'collectd.conf',
      `Interval 1
BaseDir "${folder}"
PIDFile "${folder}/pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin virt
LoadPlugin csv
<Plugin virt>
  Connection "${uri}"
  RefreshInterval 1
  HostnameFormat name
</Plugin>
<Plugin csv>
  DataDir "${folder}/csv"
  StoreRates false
</Plugin>
`,
    );
    const collectd = virsh.startProgram('collectd', '-f', '-C', conf);
    const of = (kind: string): string | undefined => {
      const directory = path.join(folder, 'csv', name);
      if (!fs.existsSync(directory)) return undefined;
      const files = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes(kind));
      return files.length === 0 ? undefined : fs.readFileSync(path.join(directory, files[0]!), 'utf8').trim().split('\n').at(-1);
    };
    try {
      const memory = await eventually(() => of('memory-total'), 20_000 * SLOWNESS);
      const used = Number(/^Used memory: +(\d+) KiB$/m.exec(virsh.ok('dominfo', name))![1]);
      expect(Number(memory.split(',')[1])).toBe(used * 1024);
      const cpu = await eventually(() => of('virt_cpu_total'), 20_000 * SLOWNESS);
      const now = Number(/cpu\.time=(\d+)/.exec(virsh.ok('domstats', name, '--cpu-total'))![1]);
      expect(Number(cpu.split(',')[1])).toBeGreaterThan(0);
      expect(Number(cpu.split(',')[1])).toBeLessThanOrEqual(now);
    } finally {
      collectd.kill();
    }
  });
});

suite('prometheus-libvirt-exporter', [...NEEDS, 'libvirt_exporter'], () => {
  const virsh = useVirsh();

  it('tells what domstats tells', async () => {
    const name = virsh.boot();
    const port = 20_000 + (process.pid % 20_000);
    const exporter = virsh.startProgram(
      'prometheus-libvirt-exporter',
      `--web.listen-address=127.0.0.1:${port}`,
      `--libvirt.uri=${uriOf(virsh)}`,
    );
    try {
      const text = await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
        return answer && (await answer.text());
      }, 20_000 * SLOWNESS);
      expect(text).toContain('libvirt_up 1');
      const value = (metric: string): number => Number(new RegExp(`^${metric}\\{[^}]*"${name}"[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
      expect(value('libvirt_domain_info_maximum_memory_bytes')).toBe(65_536 * 1024);
      expect(value('libvirt_domain_info_virtual_cpus')).toBe(1);
    } finally {
      exporter.kill();
    }
  });
});

suite('munin’s plugins', [...NEEDS, 'munin_libvirt'], () => {
  const virsh = useVirsh();

  it('read with a connection that may do no more', () => {
    const name = virsh.boot();
    const env = {
      LIBVIRT_DEFAULT_URI: uriOf(virsh),
      uri: uriOf(virsh),
      address: uriOf(virsh),
      PATH: process.env['PATH'] ?? '',
      LC_ALL: 'C',
    };
    for (const [plugin, value] of [
      ['libvirt-mem', /^\S*mem\S*\.value \d+$/m],
      ['libvirt-cputime', /^\S*\.value \d+$/m],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(`/usr/share/munin/plugins/${plugin}`, {
        env,
        encoding: 'utf8',
        timeout: 60_000 * SLOWNESS,
      });
      expect([plugin, status, stderr]).toEqual([plugin, 0, '']);
      expect(stdout).toMatch(value);
      expect(spawnSync(`/usr/share/munin/plugins/${plugin}`, ['config'], { env, encoding: 'utf8' }).stdout).toContain(name);
    }
  });
});

suite('virt-login-shell', [...NEEDS, 'virt_login_shell'], () => {
  const virsh = useVirsh();

  it('starts the container that is called like the user, and enters it with the user’s ids', () => {
    const name = virsh.define();
    const listener = path.join(ROOT, 'test/helpers/socket-listener.cjs');
    // The socket is at libvirt's own path, and the user known, in a mount namespace of their own.
    const script = virsh.file(
      'login',
      `set -e
mount --make-rprivate /
mount -t tmpfs none /run/libvirt
add() { cp $2 ${virsh.prefix}/$1; echo "$3" >>${virsh.prefix}/$1; mount --bind ${virsh.prefix}/$1 $2; }
add passwd /etc/passwd '${name}:x:54321:54321::/:/usr/bin/virt-login-shell'
add group /etc/group '${name}:x:54321:'
add conf /etc/libvirt/virt-login-shell.conf 'shell = [ "/bin/sh" ]
allowed_users = [ "${name}" ]'
${process.execPath} ${listener} /run/libvirt/virtlxcd-sock ${SERVER} --socket >/dev/null 2>&1 &
until [ -S /run/libvirt/virtlxcd-sock ]; do sleep 0.1; done
setpriv --ruid 54321 --euid 0 --rgid 54321 --egid 54321 --clear-groups env -i PATH=/usr/bin:/bin \\
  /usr/bin/virt-login-shell -c 'echo $(id -u) $(id -g); hostname; cat /proc/1/comm'
kill $!
`,
    );
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'bash', script], {
      env: virsh.env,
      encoding: 'utf8',
      timeout: 60_000 * SLOWNESS,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `54321 54321\n${name}\nsleep\n`, stderr: '' });
    expect(virsh.state(name)).toBe('running (booted)');
    virsh.ok('destroy', name);
  });
});
