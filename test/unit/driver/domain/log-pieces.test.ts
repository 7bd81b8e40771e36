import { describe, expect, it } from 'vitest';
import { LineJoiner, PieceMaker, selectPieces } from '../../../../src/driver/domain/log-pieces.ts';
import type { ConsoleRecord } from '../../../../src/store/console-record.ts';

const record = (kind: ConsoleRecord['kind'], timeMs: number, text: string): ConsoleRecord => ({ kind, timeMs, bytes: Buffer.from(text) });
const RECORDS = [record('S', 1, 'started'), record('O', 2, 'one\ntw'), record('O', 3, 'o\nth'), record('E', 4, 'ended')];
const pieces = () => new PieceMaker().add(RECORDS);
const shown = (found: ReturnType<typeof pieces>) =>
  found.map(({ timeMs, bytes, beginsLine, isNote }) => `${timeMs}${beginsLine ? '>' : ' '}${isNote ? '-- ' : ''}${bytes}`);

describe('PieceMaker', () => {
  it('dates a line by its first byte, and gives a note a line of its own', () => {
    expect(shown(pieces())).toEqual(['1>-- started', '2>one\n', '2>tw', '3 o\n', '3>th', '4 \n', '4>-- ended']);
  });

  it('goes on in a line that was not complete', () => {
    const maker = new PieceMaker();
    maker.add([record('O', 1, 'a')]);
    expect(shown(maker.add([record('O', 2, 'b\nc')]))).toEqual(['2 b\n', '2>c']);
  });
});

describe('selectPieces()', () => {
  it('takes whole lines from a time on', () => {
    expect(shown(selectPieces(pieces(), { sinceMs: 2 }))).toEqual(['2>one\n', '2>tw', '3 o\n', '3>th', '4 \n', '4>-- ended']);
    expect(shown(selectPieces(pieces(), { sinceMs: 3 }))).toEqual(['3>th', '4 \n', '4>-- ended']);
    expect(selectPieces(pieces(), { sinceMs: 5 })).toEqual([]);
  });

  it('takes so many of the last lines', () => {
    expect(shown(selectPieces(pieces(), { lines: 3 }))).toEqual(['2>tw', '3 o\n', '3>th', '4 \n', '4>-- ended']);
    expect(selectPieces(pieces(), { lines: 0 })).toEqual([]);
    expect(selectPieces(pieces(), { lines: 99 })).toEqual(pieces());
    expect(selectPieces([], { lines: 1, sinceMs: 3 })).toEqual([]);
  });
});

describe('LineJoiner', () => {
  it('has whole lines and notes, each as old as its first byte', () => {
    const joiner = new LineJoiner();
    expect(shown(pieces().flatMap((piece) => joiner.add(piece)))).toEqual(['1>-- started', '2>one', '2>two', '3>th', '4>-- ended']);
    expect(joiner.end()).toEqual([]);
  });

  it('keeps what is not ended, and leaves out what ends a line', () => {
    const joiner = new LineJoiner();
    const records = [record('O', 1, 'a\r\n\r\n b\r\r\n'), record('O', 2, '$ ')];
    expect(shown(new PieceMaker().add(records).flatMap((piece) => joiner.add(piece)))).toEqual(['1>a', '1>', '1> b']);
    expect(shown(joiner.end())).toEqual(['2>$ ']);
  });

  it('ends a line that goes on for ever', () => {
    const [joiner, maker] = [new LineJoiner(), new PieceMaker()];
    const records = Array.from({ length: 100 }, () => record('O', 1, 'x'.repeat(4096)));
    const told = maker.add(records).flatMap((piece) => joiner.add(piece));
    expect(told.length).toBeGreaterThan(4);
    expect([...told, ...joiner.end()].reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(409_600);
  });
});
