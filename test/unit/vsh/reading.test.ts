import { describe, expect, it } from 'vitest';
import type { CommandContext, CommandDefinition, OptionDefinition } from '../../../src/vsh/command.ts';
import { followingCommand, readingCommand } from '../../../src/vsh/reading.ts';
import { commandMistakes } from '../../../src/vsh/self-test.ts';

const flag = { name: 'flag', type: 'bool', help: 'whether' } as const;
const words = { name: 'words', type: 'argv', help: 'what' } as const;
const ABOUT = { name: 'x', group: 'virsh', summary: 'tells x', description: 'Tells x.' };

const reading = (found: { n: bigint } | undefined, ...options: OptionDefinition[]) =>
  readingCommand<readonly OptionDefinition[], CommandContext, { n: bigint }>({
    ...ABOUT,
    options,
    changedBy: options.map(({ name }) => name),
    read: () => found,
    text: ({ n }) => `n is ${n}\n`,
    json: ({ n }) => ({ n }),
    succeeds: ({ n }) => n > 0n,
  });

async function outcome({ run }: CommandDefinition, args: { json: boolean }): Promise<{ printed: string; ok: boolean }> {
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  // All that these commands ask of them.
  const ok = await run({ print, printBytes: (bytes: Buffer) => print(`bytes ${bytes}`) } as never, args as never);
  return { printed, ok: ok !== false };
}

describe('readingCommand()', () => {
  it('prints what was found as text, or as JSON', async () => {
    expect(await outcome(reading({ n: 3n }), { json: false })).toEqual({ printed: 'n is 3\n', ok: true });
    expect(await outcome(reading({ n: 3n }), { json: true })).toEqual({ printed: '{"n":3}\n', ok: true });
  });

  it('fails with it where that is a failure', async () => {
    expect(await outcome(reading({ n: 0n }), { json: false })).toEqual({ printed: 'n is 0\n', ok: false });
    expect(await outcome(reading({ n: 0n }), { json: true })).toEqual({ printed: '{"n":0}\n', ok: false });
  });

  it('prints nothing, or null, where there is nothing', async () => {
    expect(await outcome(reading(undefined), { json: false })).toEqual({ printed: '', ok: true });
    expect(await outcome(reading(undefined), { json: true })).toEqual({ printed: 'null\n', ok: true });
  });

  it('adds --json where no word that stands alone is filled in otherwise, and keeps it from what changes something', () => {
    const command = reading(undefined, flag, words);
    expect(command.options.map(({ name }) => name)).toEqual(['flag', 'json', 'words']);
    expect(command.rules).toEqual([
      { kind: 'excludes', option: 'json', other: 'flag' },
      { kind: 'excludes', option: 'json', other: 'words' },
    ]);
    expect(commandMistakes(command)).toEqual([]);
    expect(reading(undefined, flag).options.map(({ name }) => name)).toEqual(['flag', 'json']);
  });

  it('has no empty line follow JSON', () => {
    expect(reading(undefined).isVerbatim).toEqual({ with: 'json' });
  });
});

describe('followingCommand()', () => {
  const following = followingCommand<readonly OptionDefinition[], CommandContext, number>({
    ...ABOUT,
    options: [],
    follow(_context, _args, tell) {
      tell(1);
      tell(2);
      return false;
    },
    text: (n) => (n === 1 ? 'one\n' : Buffer.from('two\n')),
    json: (n) => ({ n }),
  });

  it('prints each item, as text, bytes, or JSON', async () => {
    expect(await outcome(following, { json: false })).toEqual({ printed: 'one\nbytes two\n', ok: false });
    expect(await outcome(following, { json: true })).toEqual({ printed: '{"n":1}\n{"n":2}\n', ok: false });
  });
});
