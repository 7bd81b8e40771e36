import fs from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, errnoCode, inContext, libvirtError, strerror, systemError, unsupportedFlags, withContext } from '../../src/errors.ts';

const thrownBy = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('libvirtError()', () => {
  it("puts the class's words before the detail", () => {
    const error = libvirtError('NO_DOMAIN', "no domain with matching name 'x'", 'why');
    expect([error.code, error.message, error.context, error.cause]).toEqual([
      'NO_DOMAIN',
      "Domain not found: no domain with matching name 'x'",
      undefined,
      'why',
    ]);
    expect(error).toBeInstanceOf(Error);
  });

  it('has for every class a number of libvirt and words that end where a detail can follow', () => {
    const wrong = Object.entries(ERROR_CODES).filter(
      ([, { number, prefix }]) => !Number.isInteger(number) || number < 1 || !/^$|[: a-z]$/.test(prefix),
    );
    expect(wrong).toEqual([]);
  });
});

describe('systemError()', () => {
  it('appends the word of an errno', () => {
    expect(systemError('Unable to open', 13)).toMatchObject({
      code: 'SYSTEM_ERROR',
      message: 'Unable to open: Permission denied',
      cause: 13,
    });
  });

  it("appends the word of an error that Node's fs threw", () => {
    const error = thrownBy(() => fs.readFileSync('/no/such/file'));
    expect(systemError('Unable to open', error)).toMatchObject({ message: 'Unable to open: No such file or directory', cause: error });
  });

  it('appends what there is of any other', () => {
    const coded = Object.assign(new Error('long story'), { code: 'ERR_OUT_OF_RANGE' });
    expect([coded, new Error('story'), 'word'].map((reason) => systemError('x', reason).message)).toEqual([
      'x: ERR_OUT_OF_RANGE',
      'x: story',
      'x: word',
    ]);
  });
});

describe('strerror()', () => {
  it('has a word for each error that Node knows by number, but for its own', () => {
    const unknown = [...getSystemErrorMap()]
      .filter(([errno]) => errno > -200) // Linux's; libuv's own ones are far below
      .filter(([errno]) => strerror(-errno).startsWith('Unknown error'))
      .map(([, [name]]) => name);
    expect(unknown).toEqual([]);
  });

  it('names the number of others as the C library does', () => {
    expect(strerror(4095)).toBe('Unknown error 4095');
  });
});

describe('unsupportedFlags()', () => {
  it('prints the flags in hexadecimal', () => {
    expect(unsupportedFlags(0x24, 'lxcDomainUndefineFlags').message).toBe('unsupported flags (0x24) in function lxcDomainUndefineFlags');
  });
});

describe('withContext()', () => {
  it('gives what the action gives', async () => {
    expect([await withContext('x', () => 1), await withContext('x', async () => 2)]).toEqual([1, 2]);
  });

  it('puts the line of what was done before an error, keeping its class, message and cause', async () => {
    const inner = libvirtError('OPERATION_INVALID', 'domain is not running', 'why');
    const error = await withContext("Failed to start domain 'x'", () => Promise.reject(inner)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'OPERATION_INVALID',
      message: 'Requested operation is not valid: domain is not running',
      context: "Failed to start domain 'x'",
      cause: 'why',
    });
  });

  it('takes an exception that is none of ours for an internal error', async () => {
    const bug = new TypeError('x is not a function');
    const thrown = await withContext('Failed', () => {
      throw bug;
    }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'INTERNAL_ERROR', message: 'internal error: x is not a function', context: 'Failed', cause: bug });
    expect(inContext('Failed', 'text')).toMatchObject({ message: 'internal error: text', cause: 'text' });
  });
});

describe('errnoCode()', () => {
  it('is the code of an error, where it has one', () => {
    expect([thrownBy(() => fs.readFileSync('/')), new Error('x'), null, 'ENOENT', { code: 5 }].map(errnoCode)).toEqual([
      'EISDIR',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
