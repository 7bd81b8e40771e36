// test/fixtures/rpc: what libvirt's virsh said to libvirtd, and what that answered.
import fs from 'node:fs';
import path from 'node:path';
import { type Frame, FrameReader } from '../../src/rpc/frame.ts';

export interface Exchange {
  readonly asked: Frame;
  readonly answered: Frame;
  readonly bytes: { readonly asked: Buffer; readonly answered: Buffer };
}

const frameOf = (bytes: Buffer): Frame => [...new FrameReader(() => bytes.length).push(bytes)][0]!;

export function recordedExchanges(): Exchange[] {
  const file = path.join(import.meta.dirname, '../fixtures/rpc/libvirtd-9.0.txt');
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  return Array.from({ length: lines.length / 2 }, (_, i) => {
    const bytes = (line: string): Buffer => Buffer.from(line.slice(2), 'hex');
    const [asked, answered] = [bytes(lines[2 * i]!), bytes(lines[2 * i + 1]!)];
    return { asked: frameOf(asked), answered: frameOf(answered), bytes: { asked, answered } };
  });
}
