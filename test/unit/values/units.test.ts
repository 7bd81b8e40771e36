import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPABILITIES, capabilityName, capabilityNumber } from '../../../src/domain/capabilities.ts';
import { formatIp, parseIp } from '../../../src/domain/elements/ip.ts';
import { DOMAIN_STATES, reasonNumber, reasonsOf, stateNumber } from '../../../src/domain/state.ts';
import { formatBitmap, parseBitmap } from '../../../src/values/bitmap.ts';
import { parseInteger } from '../../../src/values/numbers.ts';
import { bytesToKiB, scaleInteger } from '../../../src/values/units.ts';
import { isUuid, parseUuid } from '../../../src/values/uuid.ts';

describe('scaleInteger()', () => {
  it.each([
    [1n, '', 1024n],
    [1n, 'b', 1n],
    [2n, 'bytes', 2n],
    [1n, 'KB', 1000n],
    [1n, 'k', 1024n],
    [1n, 'kib', 1024n],
    [3n, 'MiB', 3n << 20n],
    [1n, 'E', 1n << 60n],
    [5n, 'tb', 5_000_000_000_000n],
  ])('%s%s', (value, suffix, bytes) => {
    expect(scaleInteger(value, suffix, 1024n)).toBe(bytes);
  });

  it('refuses unknown suffixes and what does not fit', () => {
    expect(() => scaleInteger(1n, 'Q', 1n)).toThrow("invalid argument: unknown suffix 'Q'");
    expect(() => scaleInteger(1n, 'kibi', 1n)).toThrow("unknown suffix 'kibi'");
    expect(() => scaleInteger(16n, 'EiB', 1n)).toThrow('numerical overflow: value too large: 16EiB');
    expect(() => scaleInteger(100n, '', 1024n, 99n)).toThrow('numerical overflow: value too large: 100');
  });

  it('rounds up to KiB', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 60n), (bytes) => {
        const kib = BigInt(bytesToKiB(bytes));
        expect(kib * 1024n >= bytes && (kib - 1n) * 1024n < bytes).toBe(true);
      }),
    );
  });
});

describe('parseInteger()', () => {
  it.each([
    [' 42', 10, 42n],
    ['-1', 10, -1n],
    ['0x1f', 0, 31n],
    ['010', 0, 8n],
    ['42 ', 10, undefined],
    ['', 10, undefined],
    ['4.2', 10, undefined],
  ] as const)('%j in base %i', (text, base, value) => {
    expect(parseInteger(text, base)).toBe(value);
  });
});

describe('parseUuid()', () => {
  it.each([
    ['3B0E2B3C-54e6-4d6f-8a4b-111111111120', '3b0e2b3c-54e6-4d6f-8a4b-111111111120'],
    ['3b0e2b3c54e64d6f8a4b111111111120', '3b0e2b3c-54e6-4d6f-8a4b-111111111120'],
    ['3b0e2b3c 54e6-4d6f--8a4b 111111111120', '3b0e2b3c-54e6-4d6f-8a4b-111111111120'],
    [' 3b0e2b3c54e64d6f8a4b111111111120\n', '3b0e2b3c-54e6-4d6f-8a4b-111111111120'],
    ['3b0e2b3c54e64d6f8a4b11111111112', undefined],
    ['3b0e2b3c54e64d6f8a4b1111111111200', undefined],
  ])('%j', (text, uuid) => {
    expect(parseUuid(text)).toBe(uuid);
  });

  it('gives the printed form', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => isUuid(parseUuid(uuid) ?? '')));
  });
});

describe('bitmaps', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200), { minLength: 1 }), (members) => {
        const sorted = members.toSorted((a, b) => a - b);
        expect(parseBitmap(formatBitmap(sorted), 256)).toEqual(sorted);
      }),
    );
  });

  it('may take members away again', () => {
    expect(formatBitmap(parseBitmap('0-5,^3, 9', 16))).toBe('0-2,4-5,9');
    expect(() => parseBitmap('16', 16)).toThrow("Failed to parse bitmap '16'");
  });
});

describe('tables', () => {
  it('name every capability and number both ways', () => {
    expect(CAPABILITIES).toHaveLength(37);
    for (const [name, number] of CAPABILITIES) {
      expect(capabilityNumber(name)).toBe(number);
      expect(capabilityName(number)).toBe(name);
    }
  });

  it('number every state and reason both ways', () => {
    for (const state of DOMAIN_STATES) {
      expect(DOMAIN_STATES[stateNumber(state)]).toBe(state);
      reasonsOf(state).forEach((reason, number) => {
        expect(reasonNumber(state, reason)).toBe(number);
      });
    }
  });
});

describe('formatIp()', () => {
  it.each([
    ['10.1', '10.0.0.1'],
    ['FE80:0::0001', 'fe80::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::', '::'],
  ])('%s', (text, canonical) => {
    expect(formatIp(parseIp(text)!)).toBe(canonical);
  });

  it('prints what parses to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseIp(formatIp([...bytes]))).toEqual([...bytes]);
      }),
    );
  });
});
