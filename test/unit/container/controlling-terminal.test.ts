import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mayHoldTerminal } from '../../../src/container/controlling-terminal.ts';
import { isShellScript } from '../../../src/container/init-system.ts';
import type { DomainOs } from '../../../src/domain/definition.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ct-'));
for (const name of ['shell', 'getty']) fs.writeFileSync(path.join(folder, name), '\x7fELF');
fs.writeFileSync(path.join(folder, 'script'), '#!/bin/sh\n');
fs.symlinkSync('/lib/systemd/systemd', path.join(folder, 'linked'));
fs.mkdirSync(path.join(folder, 'lib/systemd'), { recursive: true });
fs.writeFileSync(path.join(folder, 'lib/systemd/systemd'), '\x7fELF');
const root = fs.openSync(folder, 'r');
afterAll(() => {
  fs.closeSync(root);
  fs.rmSync(folder, { recursive: true });
});

describe('mayHoldTerminal()', () => {
  it.each([
    ['a program', '/shell', [], true],
    ['a getty', '/getty', [], true],
    ['a shell', '/bin/sh', [], true],
    ['a shell', '/bin/bash', ['-i', '--login'], true],
    ['a script', '/script', [], false],
    ['a script', '/bin/sh', ['-c', 'getty'], false],
    ['an init system', '/sbin/init', [], false],
    ['an init system by a link', '/linked', [], false],
    ['an init system that a wrapper becomes', '/bin/env', ['/sbin/openrc-init'], false],
  ] as const)('of %s, %s %j: %s', (_what, init, args, may) => {
    expect(mayHoldTerminal({ init, initargs: [...args] } as unknown as DomainOs, root)).toBe(may);
  });
});

describe('isShellScript()', () => {
  it.each([
    [['/bin/sh'], false],
    [['/bin/bash', '-i', '--login'], false],
    [['/bin/sh', '-c', 'x'], true],
    [['/bin/sh', '-ec', 'x'], true],
    [['/bin/sh', '/x'], true],
    [['/bin/sleep', '1'], false],
  ])('of %j is %s', ([init, ...initargs], is) => {
    expect(isShellScript({ init: init!, initargs })).toBe(is);
  });
});
