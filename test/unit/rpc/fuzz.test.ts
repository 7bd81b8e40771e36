// Frames that somebody broke. Nothing is carried out here: calls are read, answered with what libvirtd answered, and that is all.
import { describe, expect, it } from 'vitest';
import { wireError } from '../../../src/rpc/errors.ts';
import { encodeFrame, KIND, STATUS } from '../../../src/rpc/frame.ts';
import type { Program } from '../../../src/rpc/procedure.ts';
import { programs } from '../../../src/rpc/procedures/index.ts';
import { XdrReader } from '../../../src/rpc/xdr.ts';
import { allProcedures } from '../../helpers/all-procedures.ts';
import { randomNumbers } from '../../helpers/random-calls.ts';
import { recordedExchanges } from '../../helpers/recorded-frames.ts';
import { PaperClient } from '../../helpers/rpc-client.ts';

/** FUZZ_FRAMES: so many of them, by hand. */
const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 100_000);

const exchanges = recordedExchanges();
const REMOTE = programs.find(({ number }) => number === 0x20008086)!;
const all = await allProcedures();
const { apiName } = await REMOTE.rest!();
const answers = new Map(
  exchanges.flatMap(({ asked, answered }) => {
    const procedure = all.get(asked.header.procedure);
    if (!procedure || answered.header.status !== STATUS.ok) return [];
    return [[asked.header.procedure, procedure.result.read(new XdrReader(answered.payload!)) as unknown] as const];
  }),
);
const harmless: Program = {
  ...REMOTE,
  rest: async () => ({ procedure: async () => undefined, apiName }),
  procedures: new Map([...all].map(([number, { args, result }]) => [number, { args, result, run: () => answers.get(number) }] as const)),
};

type Change = (bytes: Buffer, random: (below: number) => number) => Buffer;
const INTERESTING = [0, 1, 2, 3, 4, 27, 28, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 4 << 20, (4 << 20) + 1];
const aligned = (bytes: Buffer, random: (below: number) => number) => 4 * random(Math.floor(bytes.length / 4));
const CHANGES: readonly Change[] = [
  (bytes, random) => {
    bytes[random(bytes.length)]! ^= 1 << random(8);
    return bytes;
  },
  (bytes, random) => {
    bytes.writeUInt32BE(INTERESTING[random(INTERESTING.length)]!, aligned(bytes, random));
    return bytes;
  },
  (bytes, random) => {
    bytes.writeUInt32BE(random(500), 12); // another procedure
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, 28 + random(bytes.length - 27)),
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(random(64), random(256))]),
  (bytes, random) => {
    const [from, to] = [random(bytes.length), random(bytes.length)];
    bytes.copyWithin(to, from, from + random(64));
    return bytes;
  },
];

describe('broken frames', () => {
  it(`each have one answer, or the connection ends: ${FRAMES}`, async () => {
    const random = randomNumbers(20261129);
    let client = new PaperClient([harmless]);
    const counts = { answered: 0, refused: 0, ended: 0, silent: 0 };
    for (let i = 0; i < FRAMES; i++) {
      let bytes: Buffer = Buffer.from(exchanges[random(exchanges.length)]!.bytes.asked);
      for (let changes = random(3); changes >= 0; changes--) bytes = CHANGES[random(CHANGES.length)]!(bytes, random);
      if (random(8) > 0) bytes.writeUInt32BE(bytes.length, 0); // else its length may be a lie
      const sent = await client.send(bytes);
      expect(sent.length).toBeLessThanOrEqual(1 + Math.floor(bytes.length / 28));
      for (const { header, payload } of sent) {
        expect(header.kind).toBe(KIND.reply);
        if (header.status === STATUS.error) expect(wireError.read(new XdrReader(payload!)).message).toBeTruthy();
        counts[header.status === STATUS.ok ? 'answered' : 'refused']++;
      }
      if (sent.length === 0) counts.silent++;
      // A length that lied leaves the rest to be taken for the next frame: begin anew now and then.
      if (client.ended || random(50) === 0) {
        counts.ended++;
        await client.connection.end();
        client = new PaperClient([harmless]);
      }
    }
    // It is no test of anything if all end in the same way.
    for (const count of Object.values(counts)) expect(count, JSON.stringify(counts)).toBeGreaterThan(FRAMES / 100);
  }, 1_200_000);
});

describe('a client that', () => {
  const call = (client: PaperClient, procedure: number) => client.call(procedure);

  it('does not read holds up its own calls only, and little is kept for it', async () => {
    const big = 'x'.repeat(1 << 20);
    const program: Program = {
      ...harmless,
      procedures: new Map([...harmless.procedures, [7, { ...all.get(7)!, run: () => ({ xml: big }) }]]),
    };
    const client = new PaperClient([program]);
    client.room = 0;
    await call(client, 7);
    expect(client.connection.isFull).toBe(true);
    expect(client.received).toEqual([]);
  });

  it('speaks of a program, a version or a procedure that there is not is told so', async () => {
    const client = new PaperClient(programs);
    const message = async (changes: object, procedure = 3) => {
      const [answer] = await client.call(procedure, () => {}, changes);
      return wireError.read(new XdrReader(answer!.payload!)).message;
    };
    expect(await message({ program: 1 })).toBe('Cannot find program 1 version 1');
    expect(await message({ version: 2 })).toBe('Cannot find program 536903814 version 2');
    expect(await message({}, 9999)).toBe('unknown procedure: 9999');
    expect(await message({}, 53)).toBe('this function is not supported by the connection driver: virDomainCoreDump');
    expect(await message({ status: 2 })).toBe('Unexpected message status 2');
    expect(await message({})).toBe('internal error: connection not open');
    expect(await message({}, 14)).toBe('Unable to decode message payload');
  });

  it('replies to what nobody asked is not listened to any longer', async () => {
    const client = new PaperClient(programs);
    await client.call(3, () => {}, { kind: KIND.reply });
    expect(client.ended).toBe(true);
  });

  it('says that it goes is answered, and then nothing else', async () => {
    const client = new PaperClient(programs);
    const close = encodeFrame({ program: 0x20008086, version: 1, procedure: 2, kind: KIND.call, serial: 7, status: STATUS.ok }, () => {});
    const answers = await client.send(Buffer.concat([close, close]));
    expect(answers.map(({ header }) => header)).toMatchObject([{ procedure: 2, kind: KIND.reply, serial: 7, status: STATUS.ok }]);
    expect(client.ended).toBe(true);
  });
});
