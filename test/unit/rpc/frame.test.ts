import { describe, expect, it } from 'vitest';
import { encodeFrame, FRAME_MAX, type Frame, FrameError, FrameReader, type Header, KIND } from '../../../src/rpc/frame.ts';

const header: Header = { program: 0x20008086, version: 1, procedure: 273, kind: KIND.call, serial: 7, status: 0 };
const frameOf = (payload: Buffer, changes: Partial<Header> = {}): Buffer =>
  encodeFrame({ ...header, ...changes }, (to) => {
    for (let at = 0; at < payload.length; at += 4) to.uint(payload.readUInt32BE(at));
  });
const all = (reader: FrameReader, chunks: readonly Buffer[]): Frame[] => chunks.flatMap((chunk) => [...reader.push(chunk)]);
const anyLength = () => new FrameReader(() => Number.POSITIVE_INFINITY);

describe('frames', () => {
  const one = frameOf(Buffer.from('00000001', 'hex'));
  const two = frameOf(Buffer.alloc(0), { serial: 8, procedure: 2 });

  it('are a length, six words and a payload', () => {
    expect(one.toString('hex')).toBe('0000002020008086000000010000011100000000000000070000000000000001');
  });

  it('are found wherever the bytes are cut', () => {
    const bytes = Buffer.concat([one, two, one]);
    for (let size = 1; size <= bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
      const frames = all(anyLength(), chunks);
      expect(frames.map(({ header: { serial }, payload }) => [serial, payload!.toString('hex')])).toEqual([
        [7, '00000001'],
        [8, ''],
        [7, '00000001'],
      ]);
    }
  });

  it('keep their payload when what they were read from is read into again', () => {
    const buffer = Buffer.from(one);
    const [frame] = all(anyLength(), [buffer]);
    buffer.fill(0xff);
    expect(frame!.payload!.toString('hex')).toBe('00000001');
  });

  it.each([0, 27, FRAME_MAX + 1, 0xffffffff])('refuse a length of %d', (length) => {
    const bytes = Buffer.from(one);
    bytes.writeUInt32BE(length, 0);
    expect(() => all(anyLength(), [bytes])).toThrow(FrameError);
  });

  it('of which too much would have to be held are passed over, and what follows is read', () => {
    const reader = new FrameReader(({ serial }) => (serial === 9 ? 4 : 100));
    const long = frameOf(Buffer.alloc(100_000), { serial: 9 });
    const bytes = Buffer.concat([one, long, one]);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => bytes.subarray(i * 1000, (i + 1) * 1000));
    expect(all(reader, chunks).map(({ header: { serial }, payload }) => [serial, payload?.length])).toEqual([
      [7, 4],
      [9, undefined],
      [7, 4],
    ]);
  });

  it('bring a byte more for each of their descriptors', () => {
    const withFds = frameOf(Buffer.from('00000002aabbccdd', 'hex'), { kind: KIND.callWithFds, serial: 10 });
    const frames = all(anyLength(), [Buffer.concat([withFds, Buffer.alloc(2), one])]);
    expect(frames.map(({ header: { serial }, payload, fdCount }) => [serial, payload!.toString('hex'), fdCount])).toEqual([
      [10, '00000002aabbccdd', 2],
      [7, '00000001', 0],
    ]);
    const none = frameOf(Buffer.from('00000000', 'hex'), { kind: KIND.callWithFds });
    expect(all(anyLength(), [Buffer.concat([none, one])]).map(({ fdCount }) => fdCount)).toEqual([0, 0]);
    const many = frameOf(Buffer.from('00000021', 'hex'), { kind: KIND.callWithFds });
    expect(() => all(anyLength(), [many])).toThrow(FrameError);
  });
});
