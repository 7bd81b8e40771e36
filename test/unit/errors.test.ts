import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { getSystemErrorMap } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  asLibvirtError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDriver,
  errnoCode,
  errorDomain,
  failureIn,
  inContext,
  isFailure,
  LibvirtError,
  libvirtError,
  strerror,
  systemError,
  unsupportedFlags,
  withContext,
} from '../../src/errors.ts';

const thrownBy = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('errorDomain()', () => {
  // What clients of libvirt 9.0 were told.
  it.each<[ErrorDriver, ErrorCode, string, string]>([
    ['lxc', 'NO_DOMAIN', "no domain with matching name 'x'", 'lxc'],
    ['lxc', 'XML_DETAIL', '(domain_definition):2: Opening and ending tag mismatch', 'domain'],
    ['lxc', 'XML_ERROR', "expecting root element of 'domain', not 'x'", 'xml'],
    ['lxc', 'XML_ERROR', "Invalid value for attribute 'type' in element 'filesystem': 'zz'.", 'xml'],
    ['lxc', 'XML_ERROR', 'an os <type> must be specified', 'domain'],
    ['lxc', 'NO_NAME', '', 'domain'],
    ['lxc', 'XML_INVALID_SCHEMA', 'Unable to validate doc', 'xml'],
    ['lxc', 'INVALID_ARG', 'could not find capabilities for ostype=exe arch=x86_64 domaintype=kvm ', 'capabilities'],
    ['lxc', 'INVALID_ARG', 'Cannot set memory higher than max memory', 'lxc'],
    ['lxc', 'OPERATION_INVALID', 'domain is not running', 'domain'],
    ['lxc', 'OPERATION_INVALID', 'Init pid is not yet available', 'lxc'],
    ['lxc', 'PLAIN', 'unsupported flags (0x1) in function lxcDomainShutdownFlags', 'lxc'],
    ['lxc', 'PLAIN', 'memory in virDomainSetMemoryFlags must not be zero', 'domain'],
    ['lxc', 'PLAIN', "metadata title can't contain newlines", 'domain'],
    ['lxc', 'PLAIN', 'Invalid cpuNum in virHostCPUGetStatsLinux', 'none'],
    ['lxc', 'OPERATION_FORBIDDEN_READONLY', 'virDomainDestroy', 'domain'],
    ['lxc', 'OPERATION_DENIED', 'virDomainGetXMLDesc with secure flag', 'domain'],
    ['lxc', 'NO_SUPPORT', 'virDomainSave', 'domain'],
    ['lxc', 'NO_DOMAIN_METADATA', 'Requested metadata element is not present', 'domain'],
    ['lxc', 'NO_TARGET', '', 'domain'],
    ['lxc', 'CONFIG_UNSUPPORTED', "unknown device type 'zork'", 'domain'],
    ['lxc', 'CONFIG_UNSUPPORTED', 'persistent update of device is not supported', 'lxc'],
    ['lxc', 'OPERATION_FAILED', "domain 'x' already exists with uuid 675121a3-8a04-471c-9588-f77b7b29d7f4", 'domain'],
    ['lxc', 'INTERNAL_ERROR', 'start cell 50 out of range (0-0)', 'none'],
    ['lxc', 'INTERNAL_ERROR', "cannot find console device 'console7'", 'lxc'],
    ['network', 'NO_NETWORK', "no network with matching name 'x'", 'network'],
    ['network', 'XML_ERROR', "expecting root element of 'network', not 'x'", 'xml'],
    ['network', 'OPERATION_INVALID', 'network is not active', 'network'],
    ['network', 'OPERATION_FORBIDDEN_READONLY', 'virNetworkDestroy', 'network'],
  ])('asked of %s, %s: %s is of %s', (driver, code, detail, domain) => {
    expect(errorDomain(libvirtError(code, detail), driver)).toBe(domain);
  });
});

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

describe('asLibvirtError()', () => {
  const thrownBy = (action: () => unknown): unknown => {
    try {
      action();
    } catch (error) {
      return error;
    }
    throw new Error('nothing was thrown');
  };
  it.each<[string, () => unknown, string]>([
    ['open', () => fs.readFileSync('/no/such'), "Failed to open file '/no/such': No such file or directory"],
    ['read', () => fs.readFileSync('/proc'), 'Failed to read file: Is a directory'],
    ['scandir', () => fs.readdirSync('/no'), "cannot open directory '/no': No such file or directory"],
    ['mkdir', () => fs.mkdirSync('/proc/x'), "cannot create directory '/proc/x': No such file or directory"],
    ['stat', () => fs.statSync('/no'), "cannot stat '/no': No such file or directory"],
    ['rename', () => fs.renameSync('/no', '/none'), "cannot rename file '/no' to '/none': No such file or directory"],
    ['kill', () => process.kill(4194305, 0), 'Failed to signal a process: No such process'],
    [
      'a program',
      () => {
        throw spawnSync('/no/such', ['x']).error;
      },
      'cannot execute binary /no/such: No such file or directory',
    ],
    ['any other call', () => fs.linkSync('/no', '/none'), "link failed '/no' to '/none': No such file or directory"],
  ])('says what %s was for', (_call, action, message) => {
    const error = thrownBy(action);
    expect(asLibvirtError(error)).toEqual(new LibvirtError('SYSTEM_ERROR', message));
    expect(isFailure(error)).toBe(true);
    expect(inContext('Failed to do it', error)).toMatchObject({ code: 'SYSTEM_ERROR', message, context: 'Failed to do it' });
  });

  it('leaves what is one already, and calls everything else internal', () => {
    const known = new LibvirtError('NO_DOMAIN', 'words');
    expect(asLibvirtError(known)).toBe(known);
    expect(asLibvirtError(new TypeError('a bug'))).toEqual(new LibvirtError('INTERNAL_ERROR', 'internal error: a bug'));
    expect([isFailure(known), isFailure(new TypeError('a bug')), isFailure('text')]).toEqual([true, false, false]);
  });
});

describe('failureIn()', () => {
  it('gives what the machine or libvirt has words for, and passes a mistake of ours on', async () => {
    expect(await failureIn(() => 1)).toBe(undefined);
    const known = libvirtError('OPERATION_INVALID', 'x');
    expect(await failureIn(() => Promise.reject(known))).toBe(known);
    expect(await failureIn(() => fs.readFileSync('/no/such'))).toEqual(
      new LibvirtError('SYSTEM_ERROR', "Failed to open file '/no/such': No such file or directory"),
    );
    await expect(
      failureIn(() => {
        throw new TypeError('ours');
      }),
    ).rejects.toThrow(new TypeError('ours'));
  });
});
