// The server itself, called at random: calls of the right types with odd values, and frames that are broken. Each call has one answer,
// in words; what is held stays little; nothing is said on standard error; and nobody is left when the client is gone.
import fs from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { attempt } from '../../src/host/attempt.ts';
import { encodeFrame, KIND } from '../../src/rpc/frame.ts';
import type { Procedure } from '../../src/rpc/procedure.ts';
import { XdrError, XdrReader } from '../../src/rpc/xdr.ts';
import { bytesOfUuid } from '../../src/values/uuid.ts';
import { allProcedures } from '../helpers/all-procedures.ts';
import { eventually, SLOWNESS } from '../helpers/eventually.ts';
import { isThere } from '../helpers/is-alive.ts';
import { type Choice, type Random, RandomReader, randomNumbers } from '../helpers/random-calls.ts';
import { recordedExchanges } from '../helpers/recorded-frames.ts';
import { requires, suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';
import { anonymousKiB, REMOTE, SERVER, type WireClient, WireServer, workersOf } from '../helpers/wire.ts';

/** FUZZ_CALLS: so many of them, by hand; FUZZ_SEED: others. */
const CALLS = Number(process.env['FUZZ_CALLS'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261129);
const AT_ONCE = 50;

const all = await allProcedures();

const CLOSE = 2;
/** What would change the host itself, or what is not the test's own. */
const HOSTS = new Set([250, 288, 347, 76, 77, 79]);

const openFiles = (pid: number) => fs.readdirSync(`/proc/${pid}/fd`).length;
/** An error of the engine's is none of ours. */
const ENGINES =
  /undefined|null is not|is not an? (?:object|function|iterable)|not iterable|cannot read|TypeError|RangeError|SyntaxError|ERR_|BigInt|out of memory|safe integer/i;

function argumentsFor({ args }: Procedure, choice: Choice): Buffer {
  const reader = new RandomReader(choice);
  try {
    args.read(reader);
  } catch (error) {
    if (!(error instanceof XdrError)) throw error; // a kind of value that there is not: a call all the same
  }
  return reader.written.bytes();
}

/** What a client may know. */
function choiceOf(virsh: Virsh, random: Random): Choice {
  const [on, off] = [virsh.boot(), virsh.define()];
  const directory = fs.mkdtempSync(virsh.path('pool-'));
  const pool = virsh.name('pool');
  fs.writeFileSync(`${directory}/v`, Buffer.alloc(1 << 20, 1));
  virsh.ok('pool-define-as', pool, 'dir', '--target', directory);
  virsh.ok('pool-start', pool);
  const data = fs.mkdtempSync(virsh.path('data-'));
  const uuid = (...words: string[]) => bytesOfUuid(virsh.ok(...words).trim());
  return {
    random,
    uuids: [uuid('domuuid', on), uuid('domuuid', off), uuid('pool-uuid', pool), Buffer.alloc(16), Buffer.alloc(16, 0xff)].map((bytes) =>
      Buffer.from(bytes),
    ),
    texts: [
      ...[on, off, on, off, pool, 'v', `${directory}/v`, directory, 'lxc:///', 'cpu_shares', 'vcpu_quota', 'hard_limit', 'weight', 'vda'],
      ...[
        '',
        '/',
        '..',
        '../../etc/passwd',
        '%s%n%x',
        'a\nb',
        '\u0001',
        'ä\u{1f600}',
        'x'.repeat(5000),
        '<',
        '<a/>',
        '<!DOCTYPE a>',
        'a\0b',
      ],
      `<filesystem><source dir='${data}'/><target dir='/mnt/${random(3)}'/></filesystem>`,
      "<hostdev mode='capabilities' type='misc'><source><char>/dev/null</char></source></hostdev>",
      '<volume><name>w</name><capacity>4096</capacity></volume>',
      fs.readFileSync(virsh.file('off.xml', virsh.ok('dumpxml', off)), 'utf8'),
      '<domain'.repeat(1000),
    ],
  };
}

const messageIn = (payload: Buffer): string => {
  const from = new XdrReader(payload);
  from.int();
  from.int();
  return from.uint() === 0 ? '' : from.opaque(from.count(1 << 22, 1)).toString();
};

/** The replies to calls from `serial` on. */
const repliesFrom = (client: WireClient, serial: number) =>
  client.frames.filter(({ header }) => (header.kind === KIND.reply || header.kind === KIND.replyWithFds) && header.serial >= serial);

suite('called at random,', ['root', 'built', 'busybox', 'fuse'], () => {
  const virsh = useVirsh();

  /** Calls at random, `AT_ONCE` at a time; each is to have one answer, in words. Returns the most memory that was held. */
  async function callAtRandom(client: WireClient, random: Random, held: () => number): Promise<{ answered: number; most: number }> {
    const choice = choiceOf(virsh, random);
    const numbers = [...all.keys()].filter((number) => number !== CLOSE && !HOSTS.has(number));
    const odd = new Set<string>();
    let [answered, most] = [0, 0];
    for (let call = 0; call < CALLS; call += AT_ONCE) {
      const first = 1_000_000 + call;
      const sent: number[] = [];
      for (let i = 0; i < AT_ONCE; i++) {
        const procedure = numbers[random(numbers.length)]!;
        sent.push(procedure);
        const payload = argumentsFor(all.get(procedure)!, choice);
        client.send({ procedure, serial: first + i }, (to) => to.raw(payload));
        // Whatever stream that may have opened, something is sent into it, and it is ended, in one way or another.
        if (random(4) === 0) client.send({ procedure, serial: first + i, kind: KIND.stream, status: random(4) }, (to) => to.raw(payload));
      }
      await eventually(() => {
        if (client.isClosed) throw new Error(`closed after ${sent.join()}`);
        return repliesFrom(client, first).length >= AT_ONCE;
      }, 60_000 * SLOWNESS);
      const replies = repliesFrom(client, first);
      expect(replies.map(({ header }) => header.serial - first).sort((a, b) => a - b)).toEqual(
        Array.from({ length: AT_ONCE }, (_, i) => i),
      );
      for (const { header, payload } of replies) {
        const words = header.status === 0 ? undefined : messageIn(payload!);
        if (words === undefined) answered++;
        else if (words === '' || ENGINES.test(words)) odd.add(`${sent[header.serial - first]}: ${words}`);
      }
      client.frames.length = 0;
      // Streams of volumes go on by themselves; those of consoles are ended.
      for (let i = 0; i < AT_ONCE; i++) client.send({ procedure: sent[i]!, serial: first + i, kind: KIND.stream, status: 1 });
      most = Math.max(most, held());
    }
    expect([...odd]).toEqual([]);
    return { answered, most };
  }

  it.each([
    ['who may only look', ['--readonly']],
    ['who may do all', []],
  ])(`by %s, each of ${CALLS} calls has one answer in words, and little is held`, { timeout: 1_200_000 }, async (_who, args) => {
    const bystander = virsh.boot();
    const init = virsh.initPid(bystander);
    using server = await WireServer.listen(virsh, { args });
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const { answered, most } = await callAtRandom(client, randomNumbers(SEED), () =>
      Math.max(...[pid, ...workersOf(pid)].map((one) => attempt(() => anonymousKiB(one)) ?? 0)),
    );
    expect(answered).toBeGreaterThan(CALLS / 50);
    expect(answered).toBeLessThan(CALLS - CALLS / 50);
    expect(most).toBeLessThan(64 * 1024);
    expect(openFiles(pid)).toBeLessThan(64);
    for (const worker of workersOf(pid)) expect(openFiles(worker)).toBeLessThan(16);
    expect(server.errors).toBe('');
    client[Symbol.dispose]();
    await eventually(() => !isThere(pid), 30_000 * SLOWNESS);
    expect(virsh.initPid(bystander)).toBe(init);
  });

  it.skipIf(requires('strace'))('by who may only look, it writes nothing and runs nothing', { timeout: 1_200_000 }, async () => {
    const trace = virsh.path('trace');
    const calls = 'execve,execveat,openat,openat2,unlink,unlinkat,rename,renameat,renameat2,mount,kill,link,linkat,symlink,setns,unshare';
    const program = virsh.file('traced', `#!/bin/sh\nexec strace -f -qq -o ${trace} -e trace=${calls} ${SERVER} "$@"\n`, 0o755);
    using server = await WireServer.listen(virsh, { args: ['--readonly'], program });
    using client = await server.connect();
    await client.open();
    const { answered } = await callAtRandom(client, randomNumbers(SEED), () => 0);
    expect(answered).toBeGreaterThan(CALLS / 50);
    client[Symbol.dispose]();
    const pid = await server.lastPid(1);
    await eventually(() => !isThere(pid), 30_000 * SLOWNESS);
    const lines = fs.readFileSync(trace, 'utf8').split('\n');
    expect(lines.filter((line) => line.includes('execve(')).length).toBe(2); // the launcher, and the program
    const reads = (line: string): boolean => /openat2?\(/.test(line) && !/O_WRONLY|O_RDWR|O_CREAT/.test(line);
    // What is to be told of events is waited for in a file, which is made where there is none.
    const isSpool = (line: string): boolean => /libvirt\/\w+\/events\.log", O_WRONLY\|O_CREAT\|O_APPEND/.test(line);
    expect(lines.filter((line) => line.includes('(') && !reads(line) && !isSpool(line) && !line.includes('execve('))).toEqual([]);
    expect(lines.filter((line) => line.includes('passwd'))).toEqual([]);
  });

  it('with broken frames, it answers or ends, and the next client is served', { timeout: 1_200_000 }, async () => {
    const random = randomNumbers(SEED);
    const exchanges = recordedExchanges();
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    for (let turn = 0; turn < CALLS / 40; turn++) {
      const client = await server.connect();
      if (random(4) > 0) await client.open();
      for (let i = 0; i < 40; i++) {
        const bytes = Buffer.from(exchanges[random(exchanges.length)]!.bytes.asked);
        for (let changes = random(3); changes >= 0; changes--) {
          if (random(2) === 0) bytes[random(bytes.length)]! ^= 1 << random(8);
          else bytes.writeUInt32BE([0, 1, 5, 0x7fffffff, 0xffffffff, random(500)][random(6)]!, 4 * random(bytes.length >> 2));
        }
        if (random(4) > 0) bytes.writeUInt32BE(bytes.length, 0);
        client.socket.write(bytes);
      }
      const pid = await server.lastPid(turn + 1);
      if (random(2) === 0) client.socket.end();
      else client[Symbol.dispose]();
      await eventually(() => !isThere(pid), 30_000 * SLOWNESS);
    }
    using client = await server.connect();
    await client.open();
    await client.call(3);
    expect(server.errors).toBe('');
  });

  it('by frames of streams that are not open, in any state, nothing is answered and nothing is held', async () => {
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    using client = await server.connect();
    await client.open();
    const pid = await server.lastPid(1);
    const before = anonymousKiB(pid);
    const frames = client.frames.length;
    for (let i = 0; i < 200; i++) {
      const header = { program: REMOTE, version: 1, procedure: 201, serial: i, status: i % 4 };
      client.socket.write(encodeFrame({ ...header, kind: KIND.stream }, (to) => to.raw(Buffer.alloc(100_000))));
      client.socket.write(encodeFrame({ ...header, kind: KIND.streamHole }, (to) => to.raw(Buffer.alloc(16))));
    }
    await client.call(3);
    expect(client.frames.length).toBe(frames + 1);
    expect(anonymousKiB(pid) - before).toBeLessThan(16 * 1024);
  });
});
