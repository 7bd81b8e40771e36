// The namespaces of a container as descriptors, in this very process.
import fs from 'node:fs';
import process from 'node:process';
import { afterEach, expect, it, vi } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';

suite('openNamespaces()', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();
  afterEach(() => vi.unstubAllEnvs());

  async function open(name: string, readonly = false) {
    vi.resetModules();
    vi.stubEnv('VIRSH_LXC_PREFIX', virsh.prefix);
    const { openNamespaces } = await import('../../src/driver/domain/namespaces.ts');
    const { openConnection } = await import('../../src/driver/connection.ts');
    return openNamespaces(openConnection('lxc:///', { readonly }), { name, uuid: '' });
  }
  const openFds = () => fs.readdirSync('/proc/self/fd').length;

  it('gives those of init, in the order in which a client enters them', async () => {
    const name = virsh.boot();
    using namespaces = await open(name);
    const links = namespaces.fds.map((fd) => fs.readlinkSync(`/proc/self/fd/${fd}`));
    expect(links).toEqual(
      ['user', 'ipc', 'uts', 'net', 'pid', 'mnt'].map((kind) => fs.readlinkSync(`/proc/${virsh.initPid(name)}/ns/${kind}`)),
    );
    expect(links[4]).not.toBe(fs.readlinkSync('/proc/self/ns/pid'));
  });

  it('leaves none of them open', async () => {
    const name = virsh.boot();
    (await open(name))[Symbol.dispose]();
    const before = openFds();
    for (let i = 0; i < 3; i++) (await open(name))[Symbol.dispose]();
    expect(openFds()).toBe(before);
  });

  it('refuses a domain that does not run, and a connection that only reads', async () => {
    const name = virsh.define();
    await expect(open(name)).rejects.toThrow('Requested operation is not valid: domain is not running');
    await expect(open(name, true)).rejects.toThrow('operation forbidden: read only access prevents virDomainLxcOpenNamespace');
  });

  it('takes no other process for init, whatever the status says', async () => {
    const name = virsh.boot();
    const file = virsh.path('run/libvirt/lxc', `${name}.xml`);
    const status = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, status.replace(/<init pid='\d+'/, `<init pid='${process.pid}'`));
    await expect(open(name)).rejects.toThrow('domain is not running');
    fs.writeFileSync(file, status);
  });
});
