// Descriptors that pass on the socket, and what belongs to a connection.
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

suite('descriptors over the wire', ['root', 'built', 'busybox', 'fuse', 'libvirt_clients'], () => {
  const virsh = useVirsh();

  it('are namespaces, in which libvirt’s virsh runs a command', async () => {
    const name = virsh.boot();
    using server = await WireServer.listen(virsh);
    const { status, stdout, stderr } = server.virsh(
      'lxc-enter-namespace',
      name,
      '--noseclabel',
      '--',
      '/bin/sh',
      '-c',
      'cat /proc/1/comm; readlink /proc/self/ns/pid',
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `sleep\n${fs.readlinkSync(`/proc/${virsh.initPid(name)}/ns/pid`)}\n\n`,
      stderr: '',
    });
  });

  it('are refused where a client that only reads asks for them, and where none pass', async () => {
    const name = virsh.boot();
    using server = await WireServer.listen(virsh);
    const enter = ['lxc-enter-namespace', name, '--noseclabel', '--', '/bin/true'];
    expect(server.virsh('-r', ...enter).stderr).toContain('operation forbidden: read only access prevents virDomainLxcOpenNamespace');
    const command = virsh.file('rpc', `#!/bin/sh\nVIRSH_LXC_PREFIX=${virsh.prefix} exec ${process.cwd()}/dist/virsh-lxc-rpc\n`, 0o755);
    expect(server.run('/usr/bin/virsh', ['-c', `lxc+ext:///?command=${command}`, ...enter]).stderr).toMatch(/error: .*descriptors/);
  });

  it.each(['create', 'start'])('are files of the client’s that init is started with, by %s', async (how) => {
    const name = virsh.name();
    const init = ['/bin/sh', '-c', 'echo from inside >&3; ls /proc/self/fd >&4; sleep 1000'];
    const file = virsh.file('d.xml', virsh.xml(name, { init }));
    if (how === 'start') virsh.ok('define', file);
    using server = await WireServer.listen(virsh);
    const outputs = ['first', 'second'].map((name) => virsh.path(name));
    const script = `exec /usr/bin/virsh -c '${server.uri}' ${how} ${how === 'start' ? name : file} --pass-fds 3,4 3>${outputs[0]} 4>${outputs[1]}`;
    const { status, stderr } = server.run('sh', ['-c', script]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await eventually(() => fs.readFileSync(outputs[1]!, 'utf8') !== '');
    expect(fs.readFileSync(outputs[0]!, 'utf8')).toBe('from inside\n');
    expect(fs.readFileSync(outputs[1]!, 'utf8').trim().split('\n').map(Number)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

suite('a connection', ['root', 'built', 'busybox', 'fuse', 'python3_libvirt'], () => {
  const virsh = useVirsh();

  it('leaves no descriptor open of those that it passes, and none that is passed to it', async () => {
    const name = virsh.boot();
    using server = await WireServer.listen(virsh);
    using python = server.python(`
import libvirt_lxc
c = libvirt.open(URI)
d = c.lookupByName('${name}')
def turn():
    for i in range(10):
        for fd in libvirt_lxc.lxcOpenNamespace(d, 0): os.close(fd)
        r, w = os.pipe()
        failure(lambda: d.createWithFiles([r, w], 0))
        os.close(r); os.close(w)
turn()
tell('warm'); wait()
turn()
tell('done'); wait()
`);
    await python.told('warm');
    const pid = await server.lastPid(1);
    const open = () => fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
    const before = open();
    python.go();
    await python.told('done');
    await eventually(() => open().length <= before.length);
    python.go();
    await python.end();
  });

  it('ends what was started to end with it, and nothing of others', async () => {
    const [own, others] = [virsh.define(), virsh.define()];
    using server = await WireServer.listen(virsh);
    const start = (name: string) =>
      server.python(`
c = libvirt.open(URI)
c.lookupByName('${name}').createWithFiles([], libvirt.VIR_DOMAIN_START_AUTODESTROY)
tell('started'); wait()
c.close()
tell('closed'); wait()
`);
    using one = start(own);
    using other = start(others);
    await one.told('started');
    await other.told('started');
    one.go();
    await one.told('closed');
    await virsh.waitForState(own, 'shut off (destroyed)');
    expect(virsh.state(others)).toBe('running (booted)');
    other.child.kill('SIGKILL');
    await virsh.waitForState(others, 'shut off (destroyed)');
  });

  it('whose server is killed ends what was started to end with it, and leaves the rest', async () => {
    const [own, rest] = [virsh.define(), virsh.define()];
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
c.lookupByName('${own}').createWithFiles([], libvirt.VIR_DOMAIN_START_AUTODESTROY)
c.lookupByName('${rest}').createWithFiles([], 0)
tell('started'); wait()
`);
    await python.told('started');
    process.kill(await server.lastPid(1), 'SIGKILL');
    await virsh.waitForState(own, 'shut off (destroyed)');
    expect(virsh.state(rest)).toBe('running (booted)');
  });

  it('takes note of the end of every container that it started', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
d = c.lookupByName('${name}')
for i in range(3):
    d.createWithFiles([], 0)
    tell('started', i); wait()
`);
    await python.told('started 0');
    const pid = await server.lastPid(1);
    const childrenOf = (of: string) => fs.readFileSync(`/proc/${of}/task/${of}/children`, 'latin1').trim();
    const worker = childrenOf(String(pid));
    expect(worker).toMatch(/^\d+$/);
    expect(childrenOf(worker)).toBe(String(virsh.controllerPid(name)));
    virsh.ok('destroy', name);
    await eventually(() => childrenOf(worker) === '');
  });
});
