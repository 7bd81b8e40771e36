// Commands of networks, killed in place of every call that can change anything: what they leave is as before or as asked for, and
// nothing of it stays on the host.
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killAt, pointsOf } from '../helpers/kill-points.ts';
import { interfaceIn, NOTHING, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

/** Every how manieth point is tried. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 12;

suite('killed anywhere:', ['root', 'built', 'busybox', 'fuse', 'strace', 'ip', 'nft', 'dnsmasq'], () => {
  const networks = useNetworks();
  const { virsh } = networks;
  const UUID = '6b1f2a04-9f4c-4f0e-8a54-3f3d1f0c9d22';
  const N = 'net';
  const D = virsh.name('d');
  const isDefined = (): boolean => fs.existsSync(virsh.path(`etc/libvirt/lxc/${D}.xml`));
  const document = (domain = ''): string =>
    virsh.file(
      `n${domain}.doc`,
      `<network><name>${N}</name><uuid>${UUID}</uuid><forward mode='nat'/><bridge name='vlkill' stp='off'/><mac address='52:54:00:11:22:33'/>${domain && `<domain name='${domain}'/>`}<ip address='10.77.9.1' prefix='24'><dhcp><range start='10.77.9.10' end='10.77.9.20'/></dhcp></ip></network>`,
    );
  const names = (): string[] => virsh.ok('net-list', '--all', '--name').split('\n').filter(Boolean).sort();
  function clear(): void {
    virsh.destroyAll();
    for (const name of virsh.ok('list', '--all', '--name').split('\n').filter(Boolean)) virsh.ok('undefine', name);
    for (const name of names()) {
      if (virsh.run('net-destroy', name).status !== 0) expect(virsh.run('net-info', name).stdout).not.toMatch(/^Active: +yes/m);
      virsh.run('net-undefine', name);
    }
  }
  type Picture = Record<string, string>;
  /** All that a user can see of the store. */
  function picture(): Picture {
    const all = names();
    const seen: Picture = { names: all.join(' ') };
    const [domains, ...told] = virsh.answers(
      ['list', '--all'],
      ...all.flatMap((name) => [
        ['net-info', name],
        ['net-dumpxml', name],
      ]),
    );
    const [interfaces, ...tried] = virsh.attempts(
      isDefined() ? ['domiflist', D] : ['echo'],
      ...all.flatMap((name) => [
        ['net-dumpxml', name, '--inactive'],
        ['net-name', UUID],
      ]),
    );
    all.forEach((name, i) => {
      seen[`${name} info`] = told[2 * i]!;
      seen[`${name} xml`] = told[2 * i + 1]!.replace(/ connections='\d+'/, '');
      seen[`${name} next xml`] = tried[2 * i]!;
      seen[`${name} found`] = tried[2 * i + 1]!;
    });
    seen['domains'] = domains!.replace(/^ \d+ /gm, ' # ').replace(/ +|-{5,}/g, ' ');
    if (isDefined()) seen['interfaces'] = interfaces!;
    return seen;
  }
  /** What the command that was killed gave nobody is taken back by the next one of the same domain. */
  const ports = (): number => names().flatMap((name) => virsh.run('net-port-list', name).stdout.match(/[0-9a-f]{8}-/g) ?? []).length;
  const eth = (): string => networks.host.run('ip', '-o', 'link', 'show', 'type', 'veth').replace(/^\d+: ([^@]*).*$/gm, '$1');
  /** What is neither as before nor as after: of two definitions that one command changes, one may be changed. */
  const halfDone = (now: Picture, before: Picture, after: Picture): Picture =>
    Object.fromEntries(
      Object.entries(now).filter(([key, value]) => {
        const among = [before, after].filter(({ names }) => names === now['names']);
        return !among.some((picture) => picture[key] === value);
      }),
    );
  const DIRECTORIES = [
    'run/libvirt/network',
    'var/lib/libvirt/dnsmasq',
    'etc/libvirt/qemu/networks',
    'etc/libvirt/qemu/networks/autostart',
  ];
  const files = (): string[] =>
    DIRECTORIES.flatMap((directory) =>
      fs
        .readdirSync(virsh.path(directory))
        .filter((name) => !/^(events\.log|autostart|autostarted)$/.test(name))
        .map((name) => `${directory}/${name}`),
    );

  const defined = (): void => void virsh.ok('net-define', document());
  const active = (): void => {
    defined();
    virsh.ok('net-start', N);
  };
  const marked = (): void => {
    defined();
    virsh.ok('net-autostart', N);
  };
  const transient = (): void => void virsh.ok('net-create', document());
  const domain = (): void => {
    active();
    virsh.define({ devices: interfaceIn(N, "<mac address='52:54:00:00:00:08'/>") }, D);
  };
  const running = (): void => {
    domain();
    virsh.ok('start', D);
  };
  const ADDING = ['net-update', N, 'add', 'ip-dhcp-host', "<host mac='52:54:00:00:00:01' ip='10.77.9.15'/>"];
  const COMMANDS: [command: string, prepare: () => void, words: () => string[]][] = [
    ['net-define', () => {}, () => ['net-define', document()]],
    ['net-define again', marked, () => ['net-define', document('other')]],
    ['net-define active', active, () => ['net-define', document('other')]],
    ['net-undefine', defined, () => ['net-undefine', N]],
    ['net-undefine marked', marked, () => ['net-undefine', N]],
    ['net-undefine active', active, () => ['net-undefine', N]],
    ['net-create', () => {}, () => ['net-create', document()]],
    ['net-start', defined, () => ['net-start', N]],
    ['net-destroy', active, () => ['net-destroy', N]],
    ['net-destroy transient', transient, () => ['net-destroy', N]],
    ['net-autostart', defined, () => ['net-autostart', N]],
    ['net-autostart --disable', marked, () => ['net-autostart', N, '--disable']],
    ['net-update --live', active, () => [...ADDING, '--live']],
    ['net-update --config', active, () => [...ADDING, '--config']],
    ['start', domain, () => ['start', D]],
    ['destroy', running, () => ['destroy', D]],
    ['attach-interface', running, () => ['attach-interface', D, 'network', N, '--mac', '52:54:00:00:00:09', '--live']],
    ['detach-interface', running, () => ['detach-interface', D, 'network', '--live']],
  ];

  it.each(COMMANDS)('%s', { timeout: 900_000 * SLOWNESS }, async (_command, prepare, words) => {
    clear();
    fs.mkdirSync(virsh.path('etc/libvirt/qemu/networks/autostart'), { recursive: true });
    prepare();
    const before = picture();
    const points = pointsOf(virsh, ...words());
    const [after, portsAfter, linksAfter] = [picture(), ports(), eth()];
    clear();
    expect(points.length).toBeGreaterThan(4);
    for (let i = 0; i < points.length; i += STRIDE) {
      // Either the same command again, or one that knows nothing of this network.
      for (const goesOn of [true, false]) {
        await setImmediate();
        const { call } = points[i]!;
        prepare();
        killAt(virsh, points[i]!, ...words());
        if (goesOn) {
          const now = picture();
          expect([call, halfDone(now, before, after)]).toEqual([call, {}]);
          if (!isDeepStrictEqual(now, after)) virsh.run(...words());
          await eventually(() => {
            expect([call, picture(), ports(), eth()]).toEqual([call, after, portsAfter, linksAfter]);
            return true;
          });
        }
        clear();
        networks.start('other', '');
        clear();
        await eventually(() => {
          expect([call, files(), networks.host.remains(virsh.prefix)]).toEqual([call, [], NOTHING]);
          return true;
        });
      }
    }
  });
});
