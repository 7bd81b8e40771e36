// The units of src/systemd by which clients reach us, with other names and paths, beside whatever libvirt's own do.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { anonymousKiB, SERVER, WireClient } from '../helpers/wire.ts';

const UNITS = '/run/systemd/system';
const source = (name: string): string => fs.readFileSync(path.join(ROOT, 'src/systemd', name), 'utf8');
/** Fewer than the units say: an emulated machine takes its time to start so many. */
const MOST = 8;
const FILES = ['virsh-lxc-rpc.socket', 'virsh-lxc-rpc@.service', 'virsh-lxc-rpc-ro.socket', 'virsh-lxc-rpc-ro@.service'];

suite('the socket units', ['root', 'built', 'busybox', 'fuse', 'systemd'], () => {
  const virsh = useVirsh();
  /** No name of a test: that of its slice is none of a container. */
  const unit = (name: string): string => name.replace('virsh-lxc-rpc', `tried-${process.pid}`);
  const systemctl = (...args: string[]) => spawnSync('systemctl', args, { encoding: 'utf8' });

  beforeAll(() => {
    for (const name of FILES) {
      const text = source(name)
        .replace(/^(Conflicts|After)=.*\n/gm, '')
        .replace(/^MaxConnections=\d+$/m, `MaxConnections=${MOST}`)
        .replaceAll('/run/libvirt/', `${virsh.prefix}/`)
        .replaceAll('/usr/lib/virsh-lxc/virsh-lxc-rpc', SERVER)
        .replace('[Service]\n', `[Service]\nEnvironment=VIRSH_LXC_PREFIX=${virsh.prefix}\n`);
      fs.writeFileSync(path.join(UNITS, unit(name)), text);
    }
    systemctl('daemon-reload');
    expect(systemctl('start', ...FILES.filter((name) => name.endsWith('.socket')).map(unit))).toMatchObject({ status: 0, stderr: '' });
  });
  afterAll(() => {
    systemctl('stop', ...FILES.filter((name) => name.endsWith('.socket')).map(unit), unit('virsh-lxc-rpc@*.service'));
    for (const name of FILES) fs.rmSync(path.join(UNITS, unit(name)));
    systemctl('daemon-reload');
  });

  const connect = (name = 'virtlxcd-sock') => WireClient.connect(virsh.path(name));
  const services = (name = 'virsh-lxc-rpc@*.service') => systemctl('list-units', '--plain', '--no-legend', unit(name)).stdout.trim();

  it('let in whom libvirt’s let in', () => {
    const mode = (name: string) => (fs.statSync(virsh.path(name)).mode & 0o777).toString(8);
    expect([mode('virtlxcd-sock'), mode('virtlxcd-sock-ro')]).toEqual(['660', '666']);
  });

  it('serve each client by a process of its own, whose containers outlive it', async () => {
    const name = virsh.name();
    using client = await connect();
    await client.open();
    await client.call(10, (to) => {
      to.text(virsh.xml(name));
      to.uint(0);
    });
    expect(virsh.state(name)).toBe('running (booted)');
    client.socket.end();
    await eventually(() => services() === '', 10_000 * SLOWNESS);
    expect(virsh.state(name)).toBe('running (booted)');
  });

  it('change nothing for who came to look', async () => {
    const name = virsh.define();
    using client = await connect('virtlxcd-sock-ro');
    await client.open();
    await client.call(23, (to) => to.text(name));
    await expect(client.call(11, (to) => to.text(virsh.xml(virsh.name())))).rejects.toThrow('error 29 of 20');
  });

  it('cannot be made to use more than its share by who came to look', async () => {
    using client = await connect('virtlxcd-sock-ro');
    await client.open();
    const [service] = await eventually(() => services('virsh-lxc-rpc-ro@*.service').match(/^\S+/), 20_000 * SLOWNESS);
    const shown = systemctl('show', '-p', 'MemoryMax,TasksMax', service).stdout;
    expect(shown).toMatch(/^MemoryMax=201326592$/m);
    expect(shown).toMatch(/^TasksMax=64$/m);
    const { stdout } = systemctl('show', '-p', 'MainPID', '--value', service);
    expect(anonymousKiB(Number(stdout))).toBeLessThan(16 << 10);
  });

  it('serve so many at a time, and go on', async () => {
    const clients = await Promise.all(Array.from({ length: 3 * MOST }, () => connect()));
    try {
      await eventually(() => clients.filter(({ isClosed }) => isClosed).length === 2 * MOST, 60_000 * SLOWNESS);
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
    await eventually(() => services() === '', 60_000 * SLOWNESS);
    using client = await connect();
    await client.open();
    await client.call(3);
  });
});
