// Networks as they are stored: edited, marked for the host's start, and what is told of them.
import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { interfaceIn, useNetworks } from '../helpers/networks.ts';
import { suite } from '../helpers/requires.ts';

suite('stored networks', ['root', 'built', 'busybox', 'ip', 'dnsmasq', 'nft'], () => {
  const networks = useNetworks();
  const { virsh } = networks;
  const LAN = `<bridge stp='off'/><ip address='10.78.5.1' prefix='24'/>`;

  it('start with the host where they are marked, before the domains that need them', () => {
    networks.define('lan', LAN);
    networks.define('other', '');
    expect(virsh.ok('net-autostart', 'lan')).toBe('Network lan marked as autostarted\n\n');
    const mark = virsh.path('etc/libvirt/qemu/networks/autostart/lan.xml');
    expect(fs.readlinkSync(mark)).toBe(virsh.path('etc/libvirt/qemu/networks/lan.xml'));
    expect(virsh.ok('net-list', '--all', '--autostart', '--name')).toBe('lan\n\n');
    const domain = virsh.define({ devices: interfaceIn('lan') });
    virsh.ok('autostart', domain);

    const started = `Network lan started\nDomain '${domain}' started\n`;
    expect(virsh.ok('autostart-all').trim()).toBe(started.trim());
    expect(virsh.ok('net-list', '--name')).toBe('lan\n\n');
    networks.define('First', '');
    // By name alone: one that does not run may stand before one that does.
    expect(virsh.ok('net-list', '--all', '--name')).toBe('First\nlan\nother\n\n');
    virsh.ok('net-undefine', 'First');
    virsh.ok('destroy', domain);
    virsh.ok('net-destroy', 'lan');
    expect(virsh.ok('autostart-all').trim()).toBe(''); // once for each boot
    expect(virsh.ok('autostart-all', '--again').trim()).toBe(started.trim());
    virsh.ok('autostart', '--disable', domain);

    expect(virsh.ok('net-autostart', 'lan', '--disable')).toBe('Network lan unmarked as autostarted\n\n');
    expect(fs.existsSync(mark)).toBe(false);
  });

  it('start once with the host, domains that are marked for that', () => {
    const [always, once, both] = [virsh.define(), virsh.define(), virsh.define()];
    for (const name of [always, both]) virsh.ok('autostart', name);
    expect(virsh.ok('autostart', '--once', once)).toBe(`Domain '${once}' marked as autostarted on next boot\n\n`);
    virsh.ok('autostart', '--once', both);
    expect(virsh.ok('dominfo', once)).toMatch(/^Autostart: +disable\nAutostart Once: +enable$/m);
    const boot = (): string[] => {
      for (const name of virsh.ok('list', '--name').split('\n').filter(Boolean)) virsh.ok('destroy', name);
      for (const marker of ['lxc/autostarted', 'network/autostarted']) fs.rmSync(virsh.path('run/libvirt', marker), { force: true });
      return [...virsh.ok('autostart-all').matchAll(/'(.*)' started/g)].map(([, name]) => name!);
    };
    expect(boot()).toEqual([always, once, both].sort());
    expect(virsh.ok('dominfo', once)).not.toContain('Autostart Once');
    expect(boot()).toEqual([always, both].sort());
    // Between two boots it is not its turn.
    virsh.ok('autostart', '--once', once);
    virsh.ok('autostart-all', '--again');
    expect(virsh.state(once)).toMatch(/^shut off/);
    virsh.ok('domrename', once, `${once}-new`);
    expect(virsh.ok('autostart', '--once', '--disable', `${once}-new`)).toMatch(/ unmarked as autostarted on next boot\n/);
    virsh.ok('autostart', '--once', `${once}-new`);
    virsh.ok('undefine', `${once}-new`);
    expect(fs.readdirSync(virsh.path('etc/libvirt/lxc/autostart')).sort()).toEqual([`${always}.xml`, `${both}.xml`].sort());
  });

  it('whose names are those of others’ files, or lead out of the folder, harm nobody', () => {
    const names = ['a', 'a.xml', 'a.pid', 'autostarted', '..'];
    for (const [i, name] of names.entries()) networks.start(name, `<ip address='10.78.${10 + i}.1' prefix='24'/>`);
    const domain = virsh.define({ devices: names.map((name) => interfaceIn(name)).join('') });
    virsh.ok('start', domain);
    for (const name of names) expect([name, virsh.ok('net-port-list', name).match(/[0-9a-f]{8}-/g)]).toEqual([name, [expect.any(String)]]);
    for (const name of names.toReversed()) {
      virsh.ok('net-destroy', name);
      expect(virsh.run('net-port-list', name).status).toBe(1);
    }
    expect(virsh.ok('domstate', domain).trim()).toBe('running');
    virsh.ok('destroy', domain);
  });

  it('that cannot start are told of, and the others start', () => {
    networks.define('bad', `<bridge stp='off' zone='home'/><ip address='10.78.6.1' prefix='24'/>`);
    networks.define('lan', LAN);
    for (const name of ['bad', 'lan']) virsh.ok('net-autostart', name);
    const { status, stdout, stderr } = virsh.run('autostart-all', '--again');
    expect([status, stdout.trim()]).toEqual([1, 'Network lan started']);
    expect(stderr).toMatch(/^error: Failed to start network 'bad': unsupported configuration: zone home requested/);
  });

  it('are what can be marked, not those that end with their XML', () => {
    virsh.ok('net-create', virsh.file('brief.xml', `<network><name>brief</name>${LAN}</network>`));
    expect(virsh.error('net-autostart', 'brief')).toEqual([
      'failed to mark network brief as autostarted',
      'Requested operation is not valid: cannot set autostart for transient network',
    ]);
  });

  /** net-edit with an editor that is this script. */
  const edit = (script: string) => {
    const editor = virsh.file('editor', `#!/bin/sh\necho "$1" >>${virsh.prefix}/edited\n${script}\n`, 0o755);
    return virsh.runWith({ env: { EDITOR: editor, TMPDIR: virsh.prefix } }, 'net-edit', 'lan');
  };

  it('are changed by net-edit; an active one goes on as it is', () => {
    networks.define('lan', LAN);
    virsh.ok('net-start', 'lan');
    expect(edit('sed -i s/10.78.5.1/10.78.5.9/ "$1"')).toEqual({
      status: 0,
      stdout: 'Network lan XML configuration edited.\n\n',
      stderr: '',
    });
    expect(virsh.ok('net-dumpxml', 'lan', '--inactive')).toContain(`<ip address='10.78.5.9' prefix='24'>`);
    expect(virsh.ok('net-dumpxml', 'lan')).toContain(`<ip address='10.78.5.1' prefix='24'>`);
    virsh.ok('net-destroy', 'lan');
    virsh.ok('net-start', 'lan');
    expect(networks.host.run('ip', '-4', '-o', 'addr')).toContain('10.78.5.9/24');
  });

  it('stay as they are after an edit that changes nothing, or will not do', () => {
    networks.define('lan', LAN);
    const before = virsh.ok('net-dumpxml', 'lan');
    expect(edit('').stdout).toBe('Network lan XML configuration not changed.\n\n');
    const refused = edit('sed -i s/10.78.5.1/10.78.5.999/ "$1"');
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('10.78.5.999')]);
    expect(edit('exit 7')).toMatchObject({ status: 1, stderr: expect.stringContaining('unexpected exit status 7') });
    expect(virsh.ok('net-dumpxml', 'lan')).toBe(before);
    const files = fs.readFileSync(virsh.path('edited'), 'utf8').trim().split('\n');
    expect(files.filter((file) => fs.existsSync(file))).toEqual([]);
  });

  /** net-event, which listens when this returns; its output comes when it ends. */
  async function listen(...args: string[]) {
    const event = args.includes('--event') ? [] : ['--event', 'lifecycle'];
    const child = virsh.start({ stdio: ['ignore', 'pipe', 'ignore'] }, 'net-event', ...event, ...args);
    const output = text(child.stdout as Readable);
    const files = `/proc/${child.pid}/fd`;
    await eventually(() => fs.readdirSync(files).some((fd) => fs.readlinkSync(`${files}/${fd}`).includes('inotify')));
    return { child, output };
  }

  it('are told of by net-event, until it is interrupted', async () => {
    const all = await listen('--loop');
    networks.define('lan', LAN);
    const first = await listen('--network', 'lan');
    networks.define('other', '');
    for (const command of ['net-start', 'net-destroy', 'net-undefine']) virsh.ok(command, 'lan');
    expect(await first.output).toBe("event 'lifecycle' for network lan: Started\nevents received: 1\n\n");
    all.child.kill('SIGINT');
    const told = ['lan: Defined', 'other: Defined', 'lan: Started', 'lan: Stopped', 'lan: Undefined'];
    expect(await all.output).toBe(
      `${told.map((event) => `event 'lifecycle' for network ${event}\n`).join('')}event loop interrupted\nevents received: 5\n\n`,
    );
  });

  it('have texts and elements of applications, the active and the stored one, and tell of their change', async () => {
    networks.define('lan', LAN);
    virsh.ok('net-start', 'lan');
    const { child, output } = await listen('--loop', '--network', 'lan', '--event', 'metadata-change');
    virsh.ok('net-desc', 'lan', '--title', 'for', 'now');
    virsh.ok('net-desc', 'lan', '--config', 'for later');
    virsh.ok('net-metadata', 'lan', 'urn:a', '--live', '--config', '--key', 'k', '--set', '<a/>');
    expect(virsh.ok('net-list', '--title')).toMatch(/^ lan +active +no +yes +for now$/m);
    expect(virsh.ok('net-dumpxml', 'lan', '--xpath', '//title | //description')).toBe('<title>for now</title>\n\n');
    expect(virsh.ok('net-dumpxml', 'lan', '--inactive', '--xpath', '//title | //description')).toBe(
      '<description>for later</description>\n\n',
    );
    for (const which of ['--live', '--config']) expect(virsh.ok('net-metadata', 'lan', 'urn:a', which)).toBe('<a/>\n\n');
    virsh.ok('net-destroy', 'lan');
    child.kill('SIGINT');
    expect(await output).toBe(
      `${['title, uri <null>', 'description, uri <null>', 'element, uri urn:a']
        .map((what) => `event 'metadata-change' for network lan: type ${what}\n`)
        .join('')}event loop interrupted\nevents received: 3\n\n`,
    );
    expect(virsh.error('net-desc', 'lan', '--live', 'x')).toEqual(['Requested operation is not valid: network is not running']);
  });

  it('are waited for no longer than net-event is told to', () => {
    networks.define('lan', LAN);
    expect(virsh.run('net-event', '--loop', 'lan', 'lifecycle', '1')).toEqual({
      status: 1,
      stdout: 'event loop timed out\nevents received: 0\n\n',
      stderr: '',
    });
  });
});
