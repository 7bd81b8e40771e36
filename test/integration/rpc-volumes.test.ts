// The bytes of volumes as streams, and events of pools, over libvirt's protocol.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

suite('volumes over the wire', ['root', 'built', 'libvirt_clients', 'python3_libvirt'], () => {
  const virsh = useVirsh();
  const MIB = 1 << 20;

  /** A pool with a volume in it, of zeros. */
  function makeVolume(mib: number): { pool: string; file: string } {
    const pool = virsh.name('pool');
    const directory = virsh.path(pool);
    fs.mkdirSync(directory);
    virsh.ok('pool-define-as', pool, 'dir', '--target', directory);
    virsh.ok('pool-start', pool);
    virsh.ok('vol-create-as', pool, 'v', `${mib}M`, '--format', 'raw');
    return { pool, file: `${directory}/v` };
  }
  const endOf = (pool: string) => {
    virsh.ok('pool-destroy', pool);
    virsh.ok('pool-undefine', pool);
  };

  it('come as they are, whole, in part, with holes', async () => {
    using server = await WireServer.listen(virsh);
    const { pool, file } = makeVolume(12);
    const data = Buffer.concat([randomBytes(5 * MIB), Buffer.alloc(4 * MIB), randomBytes(3 * MIB)]);
    fs.writeFileSync(file, data);
    const [whole, part, sparse] = ['whole', 'part', 'sparse'].map((name) => virsh.path(name)) as [string, string, string];
    for (const words of [[whole], [part, '--offset', '1000', '--length', '777777'], [sparse, '--sparse']])
      expect(server.virsh('vol-download', 'v', ...words, '--pool', pool)).toEqual({ status: 0, stdout: '\n', stderr: '' });
    expect(fs.readFileSync(whole).equals(data)).toBe(true);
    expect(fs.readFileSync(part).equals(data.subarray(1000, 1000 + 777_777))).toBe(true);
    expect(fs.readFileSync(sparse).equals(data)).toBe(true);
    expect(fs.statSync(sparse).blocks * 512).toBeLessThan(9 * MIB);
    endOf(pool);
  });

  it('are written where they should be, holes too, and no further', async () => {
    using server = await WireServer.listen(virsh);
    const { pool, file } = makeVolume(12);
    const before = randomBytes(12 * MIB);
    fs.writeFileSync(file, before);
    const [data, small] = [randomBytes(2 * MIB + 13), randomBytes(100)];
    const [source, tiny, holes] = ['source', 'tiny', 'holes'].map((name) => virsh.path(name)) as [string, string, string];
    fs.writeFileSync(source, data);
    fs.writeFileSync(tiny, small);
    const upload = (name: string, ...words: string[]) => server.virsh('vol-upload', 'v', name, '--pool', pool, ...words);
    expect(upload(source, '--offset', '4096')).toEqual({ status: 0, stdout: '\n', stderr: '' });
    const after = Buffer.concat([before.subarray(0, 4096), data, before.subarray(4096 + data.length)]);
    expect(fs.readFileSync(file).equals(after)).toBe(true);
    expect(upload(source, '--length', '1000')).toMatchObject({ status: 1, stderr: expect.stringContaining('No space left on device') });
    expect(upload(tiny, '--length', '1000')).toEqual({ status: 0, stdout: '\n', stderr: '' });
    fs.writeFileSync(holes, '');
    fs.truncateSync(holes, 3 * MIB);
    fs.truncateSync(file, 0);
    expect(upload(holes, '--sparse')).toEqual({ status: 0, stdout: '\n', stderr: '' });
    expect([fs.statSync(file).size, fs.statSync(file).blocks]).toEqual([3 * MIB, 0]);
    endOf(pool);
  });

  it('may be left in the middle, and are nobody’s who only looks', async () => {
    using server = await WireServer.listen(virsh);
    const { pool, file } = makeVolume(64);
    fs.writeFileSync(file, randomBytes(64 * MIB));
    using python = server.python(`
c = libvirt.open(URI)
v = c.storagePoolLookupByName('${pool}').storageVolLookupByName('v')
s = c.newStream(0)
v.download(s, 0, 0, 0)
n = len(s.recv(1000))
tell(n, s.abort())
s = c.newStream(0)
v.upload(s, 0, 0, 0)
s.send(b'x' * 1000)
tell(s.abort())
tell(v.info()[0])
ro = libvirt.openReadOnly(URI).storagePoolLookupByName('${pool}').storageVolLookupByName('v')
tell(failure(lambda: ro.upload(ro.connect().newStream(0), 0, 0, 0)))
`);
    expect(await python.end()).toEqual([
      '1000 0',
      '0',
      '0',
      `(29, 18, 'operation forbidden: read only access prevents virStorageVolUpload')`,
    ]);
    endOf(pool);
  });

  it('are of pools, whose events are told', async () => {
    using server = await WireServer.listen(virsh);
    using python = server.python(`
c = libvirt.open(URI)
c.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, lambda conn, pool, event, detail, _: tell('pool', pool.name(), event, detail), None)
i = c.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH, lambda conn, pool, _: tell('refresh', pool.name()), None)
tell('registered')
wait()
c.storagePoolEventDeregisterAny(i)
`);
    await python.told('registered');
    const { pool } = makeVolume(1);
    virsh.ok('pool-refresh', pool);
    endOf(pool);
    await python.told(`pool ${pool} 1 0`);
    python.go();
    const lines = (await python.end()).slice(1);
    expect(lines.filter((line) => line.startsWith('pool'))).toEqual([0, 2, 3, 1].map((event) => `pool ${pool} ${event} 0`));
    expect(lines).toContain(`refresh ${pool}`);
  });
});
