import { describe, expect, it } from 'vitest';
import { unsupportedGroups } from '../../../../src/virsh/commands/unsupported/index.ts';
import { parseSynopsis } from '../../../../src/virsh/commands/unsupported/synopsis.ts';
import { synopsis } from '../../../../src/vsh/help.ts';

describe('parseSynopsis()', () => {
  it('reads every kind of word', () => {
    const line =
      'send <domain> <file|path> <size:KiB> [--wait] [--base <string>] [--to|raw=raw <string?>] [--limit <seconds>] [--xpath=<string>] [<rest>]...';
    expect(parseSynopsis(line)).toEqual({
      name: 'send',
      options: [
        { name: 'domain', help: '-', type: 'string', required: true, completes: 'domain' },
        { name: 'file', help: '-', type: 'string', required: true, aliases: ['path'] },
        { name: 'size', help: '-', type: 'scaled', required: true },
        { name: 'wait', help: '-', type: 'bool' },
        { name: 'base', help: '-', type: 'string' },
        { name: 'to', help: '-', type: 'string', emptyAllowed: true, aliases: ['raw=raw'] },
        { name: 'limit', help: '-', type: 'int', min: 1, max: 2147483 },
        { name: 'xpath', help: '-', type: 'string', namedOnly: true },
        { name: 'rest', help: '-', type: 'argv' },
      ],
    });
    expect(parseSynopsis('send {<key>}...').options).toEqual([{ name: 'key', help: '-', type: 'argv', required: true }]);
    expect(parseSynopsis('pool-capabilities')).toEqual({ name: 'pool-capabilities', options: [] });
  });

  it.each(['x <a', 'x [--a', 'x a', 'x [--a <string>', 'x <a>...', 'x [a]', 'x --a'])('refuses %j', (line) => {
    expect(() => parseSynopsis(line)).toThrow('is no word of a synopsis');
  });

  it('refuses a kind that there is not', () => {
    expect(() => parseSynopsis('x [--a <strnig>]')).toThrow("there is no kind 'strnig' of values");
  });

  it('reads back what help prints of every command that is refused', () => {
    const names = (line: string) =>
      parseSynopsis(line).options.map(({ name, type, required = false }) => [name, type === 'bool', required]);
    const commands = unsupportedGroups().flatMap((group) => group.commands);
    expect(commands.length).toBeGreaterThan(100);
    for (const command of commands) {
      // What help prints for all the rest beside other words, an argument list's option, is no word of these synopses.
      const printed = synopsis(command)
        .replaceAll('<number>', '<int>')
        .replace(/\[\[--([\w-]+)\] <string>\]\.\.\./, '[<$1>]...')
        .replace(/\{\[--([\w-]+)\] <string>\}\.\.\./, '{<$1>}...');
      expect([command.name, names(printed)]).toEqual([
        command.name,
        command.options.map(({ name, type, required = false }) => [name, type === 'bool', required]),
      ]);
    }
  });
});
