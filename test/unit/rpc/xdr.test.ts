import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domain, fixedText, type TypedValue, typedParameter } from '../../../src/rpc/types.ts';
import * as xdr from '../../../src/rpc/xdr.ts';

function written<T>(type: xdr.Type<T>, value: T): Buffer {
  const writer = new xdr.XdrWriter();
  type.write(writer, value);
  return writer.bytes();
}
const read = <T>(type: xdr.Type<T>, bytes: Buffer): T => type.read(new xdr.XdrReader(bytes));
const hex = <T>(type: xdr.Type<T>, value: T): string => written(type, value).toString('hex');

describe('XDR', () => {
  it('has the bytes of RFC 4506', () => {
    expect(hex(xdr.int, -2)).toBe('fffffffe');
    expect(hex(xdr.uint, 0xfffffffe)).toBe('fffffffe');
    expect(hex(xdr.hyper, -2n)).toBe('fffffffffffffffe');
    expect(hex(xdr.uhyper, 2n ** 63n)).toBe('8000000000000000');
    expect(hex(xdr.double, 1)).toBe('3ff0000000000000');
    expect(hex(xdr.flag, true)).toBe('00000001');
    expect(hex(xdr.string, 'sillyprog')).toBe('0000000973696c6c7970726f67000000');
    expect(hex(xdr.optional(xdr.string), undefined)).toBe('00000000');
    expect(hex(xdr.optional(xdr.string), 'a')).toBe('000000010000000161000000');
    expect(hex(xdr.array(xdr.int, 9), [1, 2])).toBe('000000020000000100000002');
    expect(hex(xdr.bytes(9), Buffer.from([1, 2, 3, 4, 5]))).toBe('000000050102030405000000');
  });

  it('has the bytes of libvirt', () => {
    expect(hex(domain, { name: 'web', uuid: '6861d70f-9453-4ffe-875a-2465db6a7520', id: -1 })).toBe(
      '00000003776562006861d70f94534ffe875a2465db6a7520ffffffff',
    );
    expect(hex(typedParameter, { field: 'n', value: { kind: 'boolean', value: 1 } })).toBe('000000016e0000000000000600000001');
    expect(hex(fixedText(4), 'x86_64')).toBe('00000078000000380000003600000000');
  });

  const typedValues: fc.Arbitrary<TypedValue> = fc.oneof(
    fc.record({ kind: fc.constant('int' as const), value: fc.integer() }),
    fc.record({ kind: fc.constant('ullong' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
    fc.record({ kind: fc.constant('llong' as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
    fc.record({ kind: fc.constant('double' as const), value: fc.double({ noNaN: true }) }),
    fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')) }),
  );
  const many = xdr.struct({ domains: xdr.array(domain, 100), parameters: xdr.array(typedParameter, 100), why: xdr.optional(xdr.string) });
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
  const values = fc.record({
    domains: fc.array(fc.record({ name: text, uuid: fc.uuid(), id: fc.integer() })),
    parameters: fc.array(fc.record({ field: text, value: typedValues })),
    why: fc.option(text, { nil: undefined }),
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(read(many, written(many, value))).toEqual(value);
      }),
    );
  });

  it('of which a part is missing is an error, wherever it is cut', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = written(many, value);
        for (let length = 0; length < bytes.length; length++) expect(() => read(many, bytes.subarray(0, length))).toThrow(xdr.XdrError);
      }),
      { numRuns: 20 },
    );
  });

  it('makes nothing that is larger than its bytes', () => {
    const lie = Buffer.from('7fffffff', 'hex');
    const types: xdr.AnyType[] = [xdr.string, xdr.bytes(0x7fffffff), xdr.array(xdr.int, 0x7fffffff)];
    for (const type of types) expect(() => read(type, lie)).toThrow(xdr.XdrError);
    expect(() => read(xdr.array(xdr.int, 1), Buffer.from('000000020000000000000000', 'hex'))).toThrow(xdr.XdrError);
  });

  it('writes no more than the other side takes', () => {
    expect(() => written(xdr.array(xdr.int, 1), [1, 2])).toThrow(xdr.XdrError);
    expect(() => written(xdr.string, 'x'.repeat(xdr.STRING_MAX + 1))).toThrow(xdr.XdrError);
  });

  it('knows a text to end where C does', () => {
    expect(read(xdr.string, Buffer.from('0000000361006200', 'hex'))).toBe('a');
  });
});
