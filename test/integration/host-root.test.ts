// Init systems on the host's own root and network. Every "init system" here is busybox sleep under another name: it does no harm
// where it is not refused.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite("an init system on the host's", ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  /** A program that only sleeps, called by any name. */
  const sleeper = (name: string): string => {
    const file = virsh.path('programs', name);
    fs.mkdirSync(virsh.path('programs'), { recursive: true });
    if (!fs.existsSync(file)) fs.copyFileSync(fs.realpathSync('/bin/sleep'), file);
    fs.chmodSync(file, 0o755);
    return file;
  };
  const linkTo = (target: string, name: string): string => {
    const link = virsh.path(name);
    if (!fs.existsSync(link)) fs.symlinkSync(target, link);
    return link;
  };
  const REFUSED = / is an init system and would run on this host's own files: .* --host-root /;

  it.each<[string, () => string, () => string]>([
    ['/', () => sleeper('systemd'), () => '/'],
    ['/, by a link to the program', () => linkTo(sleeper('systemd'), 'harmless'), () => '/'],
    ['/.', () => sleeper('systemd'), () => '/.'],
    ['/, by a link to the root', () => sleeper('init'), () => linkTo('/', 'rootlink')],
  ])('root %s is refused, unless it is meant', (_, program, root) => {
    const name = virsh.define({ init: [program(), '1000'], root: root() });
    const [context, reason] = virsh.error('start', name);
    expect(context).toBe(`Failed to start domain '${name}'`);
    expect(reason).toMatch(REFUSED);
    expect(virsh.error('start', name, '--dry-run')[1]).toMatch(REFUSED);
    const transient = virsh.file('transient.xml', virsh.xml(virsh.name(), { init: [program(), '1000'], root: root() }));
    expect(virsh.error('create', transient)[1]).toMatch(REFUSED);
    expect(virsh.leftovers().processes).toEqual([]);
    virsh.ok('start', name, '--host-root');
    expect(virsh.ok('dumpxml', name)).toContain('<virsh-lxc:host-root/>');
    expect(virsh.ok('dumpxml', name, '--inactive')).not.toContain('host-root');
  });

  it('root is refused by a bind mount, read-only, and without a <filesystem>', () => {
    const folder = virsh.path('bound');
    fs.mkdirSync(folder);
    execFileSync('mount', ['--bind', '/', folder]);
    try {
      const program = sleeper('init');
      expect(virsh.error('start', virsh.define({ init: [program, '1000'], root: folder }))[1]).toMatch(REFUSED);
    } finally {
      execFileSync('umount', [folder]);
    }
    expect(virsh.error('start', virsh.define({ init: [sleeper('init'), '1000'], root: '/', readonlyRoot: true }))[1]).toMatch(REFUSED);
    const name = virsh.name();
    const none = virsh.xml(name, { init: [sleeper('init'), '1000'], root: '/' }).replace(/<filesystem.*<\/filesystem>/, '');
    expect(virsh.error('create', virsh.file('none.xml', none))[1]).toMatch(REFUSED);
    virsh.ok('create', '--host-root', virsh.file('none.xml', none));
  });

  it('root is started with the host where its XML means it', () => {
    const name = virsh.name();
    const meant = virsh
      .xml(name, { init: [sleeper('systemd'), '1000'], root: '/' })
      .replace("type='lxc'", "type='lxc' xmlns:virsh-lxc='urn:virsh-lxc:domain:1.0'")
      .replace('</domain>', '<virsh-lxc:host-root/></domain>');
    virsh.ok('define', '--validate', virsh.file('meant.xml', meant));
    virsh.ok('autostart', name);
    virsh.ok('autostart-all', '--again');
    expect(virsh.state(name)).toBe('running (booted)');
  });

  it('root is started again by what follows its end where the start meant it', async () => {
    const name = virsh.define({ init: [sleeper('systemd'), '0.2'], root: '/', more: '<on_poweroff>restart</on_poweroff>' });
    virsh.ok('start', name, '--host-root');
    const before = virsh.controllerPid(name);
    await eventually(() => virsh.controllerPid(name) !== before);
  });

  it('root leaves ordinary programs alone', () => {
    const name = virsh.boot({ init: ['/bin/sleep', '1000'], root: '/' });
    expect(virsh.log(name)).not.toContain('warning');
  });

  it('network is warned of in the log, with the remedy; not with a network of its own, nor a script of that name', () => {
    fs.copyFileSync(`${virsh.root}/bin/busybox`, `${virsh.root}/bin/systemd`);
    fs.writeFileSync(`${virsh.root}/init`, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    fs.writeFileSync(`${virsh.root}/etc/inittab`, '::sysinit:/bin/true\n');
    const warned = virsh.boot({ init: ['/sbin/init'] });
    expect(virsh.log(warned)).toMatch(/warning: .* runs the init system \/sbin\/init on this host's own network, .*<privnet\/>/);
    for (const more of [
      '<features><privnet/></features>',
      "<features><capabilities policy='default'><net_admin state='off'/></capabilities></features>",
    ])
      expect(virsh.log(virsh.boot({ init: ['/sbin/init'], more }))).not.toContain('warning');
    expect(virsh.log(virsh.boot({ init: ['/init'] }))).not.toContain('warning');
  });
});
