import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROBED_BYTES, probeImage } from '../../../src/storage/probe.ts';
import { requires } from '../../helpers/requires.ts';

describe('probeImage()', () => {
  it('takes what it does not know for raw, whatever it is', () => {
    expect(probeImage(Buffer.alloc(0))).toEqual({ format: 'raw' });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void probeImage(Buffer.from(bytes))));
  });

  it('reads nothing past the end of a header that lies', () => {
    const header = (...change: [at: number, value: number][]): Buffer => {
      const bytes = Buffer.alloc(120);
      bytes.write('QFI\xfb', 'latin1');
      bytes.writeUInt32BE(3, 4);
      for (const [at, value] of change) bytes.writeUInt32BE(value, at);
      return bytes;
    };
    expect(probeImage(header([12, 4000], [16, 20]))).toEqual({ format: 'qcow2', capacity: 0n, elsewhere: true });
    expect(probeImage(header([8, 0xffffffff], [12, 0xffffffff], [16, 20]))).toEqual({
      format: 'qcow2',
      capacity: 0n,
      elsewhere: true,
    });
    expect(probeImage(header([12, 110], [16, 4], [100, 0xffffffff]))).toEqual({
      format: 'qcow2',
      capacity: 0n,
      backing: { path: '\0\0\0\0' },
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 120, maxLength: 200 }), (noise) => {
        const bytes = Buffer.from(noise);
        bytes.write('QFI\xfb', 'latin1');
        probeImage(bytes);
      }),
    );
  });

  it.skipIf(requires('qemu_img')).each(['qcow2', 'qcow', 'qed', 'vmdk', 'vdi', 'vpc'])('knows %s, as qemu-img makes it', (format) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'probe-'));
    try {
      const file = path.join(folder, 'image');
      execFileSync('qemu-img', ['create', '-q', '-f', format, file, '68M']);
      const bytes = fs.readFileSync(file).subarray(0, PROBED_BYTES);
      const { format: found, capacity } = probeImage(bytes);
      const { 'virtual-size': size } = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', file], { encoding: 'utf8' }));
      expect([found, capacity]).toEqual([format, BigInt(size)]);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(requires('qemu_img')).each(['0.10', '1.1'])('finds what a qcow2 of version %s begins as', (compat) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'probe-'));
    try {
      const [file, base] = [path.join(folder, 'image'), path.join(folder, 'base')];
      execFileSync('qemu-img', ['create', '-q', '-f', 'raw', base, '1M']);
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `compat=${compat}`, '-b', base, '-F', 'raw', file]);
      expect(probeImage(fs.readFileSync(file).subarray(0, PROBED_BYTES)).backing).toEqual({ path: base, format: 'raw' });
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
