// Commands that change what is stored, killed in place of every call that can change anything: what they leave is as before or as
// asked for, and nothing else.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killAt, pointsOf } from '../helpers/kill-points.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

/** Every how manieth point is tried. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 8;

suite('killed anywhere:', ['root', 'built', 'busybox', 'fuse', 'strace'], () => {
  const virsh = useVirsh();
  const nothing = virsh.leftovers();
  const [A, B] = [virsh.name('a'), virsh.name('b')];
  const UUID = '6b1f2a04-9f4c-4f0e-8a54-3f3d1f0c9d11';
  const document = (name: string, title = ''): string =>
    virsh.file(`${name}${title}.doc`, virsh.xml(name, { more: `<uuid>${UUID}</uuid>${title && `<title>${title}</title>`}` }));
  const undefineAll = (): void => {
    virsh.destroyAll();
    for (const name of names()) virsh.ok('undefine', name);
  };
  const names = (): string[] => virsh.ok('list', '--all', '--name').split('\n').filter(Boolean).sort();

  type Picture = Record<string, string>;
  /** All that a user can see of the store. */
  const picture = (): Promise<Picture> =>
    eventually(() => {
      const seen: Picture = { names: names().join(' ') };
      for (const name of names()) {
        const [state, found, xml, info] = virsh.answers(['domstate', name], ['domname', UUID], ['dumpxml', name], ['dominfo', name]);
        seen[`${name} is`] = state!.trim();
        seen[`${name} found`] = found!.trim();
        seen[`${name} xml`] = xml!.replace(/ id='\d+'/, '').replaceAll(/\/dev\/pts\/\d+/g, 'pty');
        seen[`${name} next xml`] = virsh.run('dumpxml', name, '--inactive').stdout;
        seen[`${name} autostart`] = /^Autostart: +(\w+)/m.exec(info!)?.[1] ?? '';
        seen[`${name} autostart once`] = /^Autostart Once: +(\w+)/m.exec(info!)?.[1] ?? '';
      }
      return seen;
    });
  /** What is neither as before nor as after: of two definitions that one command changes, one may be changed. */
  const halfDone = (now: Picture, before: Picture, after: Picture): Picture =>
    Object.fromEntries(
      Object.entries(now).filter(([key, value]) => {
        const among = [before, after].filter(({ names }) => names === now['names']);
        return !among.some((picture) => picture[key] === value);
      }),
    );
  const isBeside = (file: string): boolean => /\.new$|\.lock$|\.change$/.test(file);
  /** Files that nobody would ask for again. */
  const litter = (): string[] =>
    fs
      .readdirSync(virsh.prefix, { recursive: true, encoding: 'utf8' })
      .filter((file) => /^(run|etc)\//.test(file))
      .filter((file) => isBeside(file) || file.includes(UUID));

  const defined = (): void => void virsh.ok('define', document(A));
  const running = (): void => {
    defined();
    virsh.ok('start', A);
  };
  const marked = (): void => {
    defined();
    virsh.ok('autostart', A);
    virsh.ok('autostart', A, '--once');
  };
  const meta = ['metadata', A, '--uri', 'urn:x', '--key', 'x', '--set', '<a/>'];
  const device = (): string =>
    virsh.file('hostdev.xml', "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>");
  const attached = (): void => {
    running();
    virsh.ok('attach-device', A, device(), '--live', '--config');
  };
  const COMMANDS: [command: string, prepare: () => void, words: () => string[]][] = [
    ['define', () => {}, () => ['define', document(A)]],
    ['define again', marked, () => ['define', document(A, 'other')]],
    ['define running', running, () => ['define', document(A, 'other')]],
    ['create', () => {}, () => ['create', document(A)]],
    ['undefine', defined, () => ['undefine', A]],
    ['undefine marked', marked, () => ['undefine', A]],
    ['undefine running', running, () => ['undefine', A]],
    ['domrename', defined, () => ['domrename', A, B]],
    ['domrename marked', marked, () => ['domrename', A, B]],
    ['autostart', defined, () => ['autostart', A]],
    ['autostart --disable', marked, () => ['autostart', A, '--disable']],
    ['autostart --once', defined, () => ['autostart', A, '--once']],
    ['setmem', running, () => ['setmem', A, '60000', '--live', '--config']],
    ['setmaxmem', defined, () => ['setmaxmem', A, '90000', '--config']],
    ['memtune', running, () => ['memtune', A, '--soft-limit', '50000', '--live', '--config']],
    ['schedinfo', running, () => ['schedinfo', A, '--live', '--config', '--set', 'cpu_shares=500']],
    ['blkiotune', defined, () => ['blkiotune', A, '--config', '--weight', '500']],
    ['desc', running, () => ['desc', A, '--live', '--config', '--title', 'words']],
    ['metadata', running, () => [...meta, '--live', '--config']],
    ['attach-device --live', running, () => ['attach-device', A, device(), '--live']],
    ['attach-device --config', defined, () => ['attach-device', A, device(), '--config']],
    ['detach-device --live', attached, () => ['detach-device', A, device(), '--live']],
    ['detach-device --config', attached, () => ['detach-device', A, device(), '--config']],
    ['destroy', running, () => ['destroy', A]],
  ];

  it.each(COMMANDS)('%s', { timeout: 600_000 * SLOWNESS }, async (_command, prepare, words) => {
    undefineAll();
    prepare();
    const before = await picture();
    const points = pointsOf(virsh, ...words());
    const after = await picture();
    undefineAll();
    expect(points.length).toBeGreaterThan(4);
    for (let i = 0; i < points.length; i += STRIDE) {
      const { call } = points[i]!;
      prepare();
      killAt(virsh, points[i]!, ...words());
      expect([call, halfDone(await picture(), before, after)]).toEqual([call, {}]);
      virsh.run(...words());
      expect([call, await picture()]).toEqual([call, after]);
      undefineAll();
      virsh.ok('undefine', virsh.define());
      await eventually(() => {
        expect([call, litter(), virsh.leftovers()]).toEqual([call, [], nothing]);
        return true;
      });
    }
  });
});
