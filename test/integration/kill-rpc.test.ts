// Who does a client's long calls, killed in place of every call of the kernel's that can change anything: the client hears of it and goes
// on, nothing is half there, and the next command works.
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KIND } from '../../src/rpc/frame.ts';
import type { XdrWriter } from '../../src/rpc/xdr.ts';
import { bytesOfUuid } from '../../src/values/uuid.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { killProcessAt, type Point, pointsOfProcess } from '../helpers/kill-points.ts';
import { suite } from '../helpers/requires.ts';
import { childOf, useVirsh } from '../helpers/virsh.ts';
import { type WireClient, WireServer } from '../helpers/wire.ts';

/** Every how manieth point is tried. */
const STRIDE = process.env['KILL_POINTS'] === 'all' ? 1 : 6;

/** Fewer than that are all tried. */
const MANY = 12;

/** Of what a call is made, when it is about to be made. */
type Call = [procedure: number, write: (to: XdrWriter) => void];

suite('a server’s worker that dies anywhere:', ['root', 'built', 'busybox', 'fuse', 'strace'], () => {
  const virsh = useVirsh();

  /** A client whose worker runs, and its pid. */
  async function connected(server: WireServer, count: number): Promise<{ client: WireClient; worker: number }> {
    const client = await server.connect();
    await client.open();
    const pid = await server.lastPid(count);
    await expect(client.call(80, (to) => pool(to, 'none', Buffer.alloc(16)))).rejects.toThrow('error 49 of'); // long, and of nothing
    return { client, worker: childOf(pid) };
  }
  const pool = (to: XdrWriter, name: string, uuid: Uint8Array) => {
    to.text(name);
    to.opaque(uuid);
  };

  /** The points of a call, and what is done at each of them. */
  async function atEach(prepare: () => void, call: () => Call, check: (point: Point) => void | Promise<void>): Promise<void> {
    using server = await WireServer.listen(virsh);
    let count = 0;
    const run = async (trace: (worker: number, action: () => void) => Promise<unknown>): Promise<number> => {
      prepare();
      const { client, worker } = await connected(server, ++count);
      const [procedure, write] = call();
      let serial = 0;
      const isAnswered = () => client.frames.some(({ header }) => header.kind === KIND.reply && header.serial === serial);
      const traced = trace(worker, () => {
        serial = client.send({ procedure }, write);
      });
      await eventually(() => serial > 0 && isAnswered(), 30_000 * SLOWNESS);
      const status = client.frames.find(({ header }) => header.kind === KIND.reply && header.serial === serial)!.header.status;
      await client.call(3); // the connection goes on
      client[Symbol.dispose]();
      await traced;
      return status;
    };
    let points: Point[] = [];
    expect(await run(async (worker, action) => (points = await pointsOfProcess(virsh, worker, action)))).toBe(0);
    expect(points.length).toBeGreaterThan(1);
    const stride = points.length < MANY ? 1 : STRIDE;
    for (const point of points.filter((_, i) => i % stride === 0)) {
      await setImmediate();
      await run((worker, action) => killProcessAt(worker, point, action));
      try {
        await check(point);
      } catch (error) {
        throw new Error(`at ${point.call}`, { cause: error });
      }
    }
  }

  const domainOf = (name: string) => (to: XdrWriter) => {
    to.text(name);
    to.opaque(bytesOfUuid(virsh.ok('domuuid', name).trim()));
    to.int(-1);
  };

  it('define', { timeout: 300_000 * SLOWNESS }, async () => {
    const name = virsh.name();
    const xml = Buffer.from(virsh.xml(name, { more: '<uuid>6b1f2a04-9f4c-4f0e-8a54-3f3d1f0c9d11</uuid>' }));
    const isThere = () => virsh.ok('list', '--all', '--name').split('\n').includes(name);
    await atEach(
      () => isThere() && virsh.ok('undefine', name),
      () => [
        11,
        (to) => {
          to.uint(xml.length);
          to.opaque(xml);
        },
      ],
      () => {
        if (isThere()) expect(virsh.ok('dumpxml', name)).toMatch(/<\/domain>\n\n$/);
        virsh.ok('define', virsh.file('d.xml', xml.toString()));
        expect(virsh.ok('domuuid', name).trim()).toMatch(/^[0-9a-f-]{36}$/);
      },
    );
  });

  it.each<[what: string, from: 'off' | 'running', procedure: number]>([
    ['start', 'off', 9],
    ['destroy', 'running', 12],
    ['suspend', 'running', 34],
    ['undefine', 'off', 35],
  ])('%s', { timeout: 300_000 * SLOWNESS }, async (_what, from, procedure) => {
    const name = virsh.name();
    const [bystander, document] = [virsh.boot(), virsh.file('one.xml', virsh.xml(name))];
    const init = virsh.initPid(bystander);
    await atEach(
      () => {
        virsh.run('destroy', name);
        virsh.run('undefine', name);
        virsh.ok('define', document);
        if (from === 'running') virsh.ok('start', name);
      },
      () => [procedure, domainOf(name)],
      () => {
        virsh.run('resume', name);
        virsh.run('destroy', name);
        expect(virsh.leftovers().cgroups.filter((group) => group.includes(name))).toEqual([]);
        virsh.run('undefine', name);
        expect(virsh.ok('list', '--all', '--name').split('\n')).not.toContain(name);
        virsh.ok('define', document);
        virsh.ok('start', name);
        virsh.ok('destroy', name);
      },
    );
    expect(virsh.initPid(bystander)).toBe(init);
  });

  it.each<[what: string, procedure: number, active: boolean]>([
    ['pool-start', 78, false],
    ['pool-destroy', 80, true],
    ['pool-undefine', 82, false],
  ])('%s', { timeout: 300_000 * SLOWNESS }, async (_what, procedure, active) => {
    const directory = fs.mkdtempSync(virsh.path('pool-'));
    const [name, uuid] = [virsh.name('p'), crypto.randomUUID()];
    const document = virsh.file(
      'pool.xml',
      `<pool type='dir'><name>${name}</name><uuid>${uuid}</uuid><target><path>${directory}</path></target></pool>`,
    );
    const end = () => {
      virsh.run('pool-destroy', name);
      virsh.run('pool-undefine', name);
    };
    await atEach(
      () => {
        end();
        virsh.ok('pool-define', document);
        if (active) virsh.ok('pool-start', name);
      },
      () => [
        procedure,
        (to) => {
          pool(to, name, bytesOfUuid(uuid));
          if (procedure === 78) to.uint(0);
        },
      ],
      () => {
        end();
        expect(virsh.ok('pool-list', '--all', '--name').split('\n')).not.toContain(name);
        virsh.ok('pool-define', document);
        virsh.ok('pool-start', name);
        expect(fs.readdirSync(virsh.path('run/libvirt/storage')).filter((file) => /\.new$|\.lock$/.test(file))).toEqual([]);
      },
    );
  });

  const CAPACITY = 3 << 20;
  it.each<[what: string, procedure: number, more: (to: XdrWriter) => void]>([
    ['vol-create', 93, (to) => to.uint(0)],
    [
      'vol-clone',
      125,
      (to) => {
        for (const text of [POOL, 'original', `${directory}/original`]) to.text(text);
        to.uint(0);
      },
    ],
  ])('%s: the volume is whole, or is not', { timeout: 300_000 * SLOWNESS }, async (_what, procedure, more) => {
    directory = fs.mkdtempSync(virsh.path('volumes-'));
    const content = Buffer.alloc(CAPACITY, 'content');
    fs.writeFileSync(`${directory}/original`, content);
    virsh.run('pool-destroy', POOL);
    virsh.run('pool-undefine', POOL);
    virsh.ok('pool-define-as', POOL, 'dir', '--target', directory);
    virsh.ok('pool-start', POOL);
    const uuid = bytesOfUuid(virsh.ok('pool-uuid', POOL).trim());
    const xml = `<volume><name>made</name><capacity>${CAPACITY}</capacity><allocation>${CAPACITY}</allocation><target><permissions><mode>0640</mode></permissions></target></volume>`;
    await atEach(
      () => virsh.run('vol-delete', 'made', '--pool', POOL),
      () => [
        procedure,
        (to) => {
          pool(to, POOL, uuid);
          to.text(xml);
          more(to);
        },
      ],
      () => {
        expect(fs.readdirSync(directory).filter((name) => !['made', 'original'].includes(name))).toEqual([]);
        const stat = fs.lstatSync(`${directory}/made`, { throwIfNoEntry: false });
        if (!stat) return;
        expect([stat.size, stat.blocks * 512 >= CAPACITY, stat.mode & 0o7777]).toEqual([CAPACITY, true, 0o640]);
        if (procedure === 125) expect(fs.readFileSync(`${directory}/made`).equals(content)).toBe(true);
      },
    );
  });
  const POOL = 'volumes';
  let directory = '';
});
