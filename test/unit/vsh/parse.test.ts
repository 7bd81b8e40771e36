import { describe, expect, it } from 'vitest';
import { commandTable } from '../../../src/virsh/registry.ts';
import { type CommandDefinition, type CommandTable, defineCommand } from '../../../src/vsh/command.ts';
import { type GlobalOption, type ParsedCommand, parseGlobals, parseLine, parseWords, UsageError, wordsOf } from '../../../src/vsh/parse.ts';
import { cpuMs } from '../../helpers/cpu-time.ts';

const fly = defineCommand({
  name: 'fly',
  aliases: ['soar'],
  group: 'domain',
  summary: '-',
  description: '-',
  options: [
    { name: 'bird', type: 'string', required: true, help: '-' },
    { name: 'high', type: 'bool', help: '-' },
    { name: 'speed', type: 'int', help: '-' },
    { name: 'to', type: 'string', namedOnly: true, help: '-' },
    { name: 'load', type: 'scaled', aliases: ['kilobytes', 'unladen=0'], help: '-' },
  ],
  run() {},
});
const say = defineCommand({
  name: 'say',
  group: 'virsh',
  summary: '-',
  description: '-',
  options: [
    { name: 'loud', type: 'bool', help: '-' },
    { name: 'words', type: 'argv', help: '-' },
  ],
  run() {},
});
const weigh = defineCommand({
  name: 'weigh',
  group: 'domain',
  summary: '-',
  description: '-',
  options: [
    { name: 'bird', type: 'string', required: true, help: '-' },
    { name: 'size', type: 'scaled', required: true, help: '-' },
  ],
  run() {},
});
const help = defineCommand({
  name: 'help',
  group: 'virsh',
  summary: '-',
  description: '-',
  options: [{ name: 'command', type: 'string', help: '-' }],
  run() {},
});

const run = defineCommand({
  name: 'run',
  group: 'domain',
  summary: '-',
  description: '-',
  options: [
    { name: 'bird', type: 'string', required: true, help: '-' },
    { name: 'env', type: 'argv', namedOnly: true, help: '-' },
    { name: 'cmd', type: 'argv', required: true, takesRest: true, help: '-' },
  ],
  run() {},
});
const commands: CommandDefinition[] = [fly, say, weigh, run, help];
const table: CommandTable = {
  groups: [],
  laterGroups: () => [],
  find: (name) => commands.find((command) => command.name === name || command.aliases?.includes(name)),
};

const shown = (parsed: readonly ParsedCommand[]) => parsed.map(({ definition, values }) => [definition.name, Object.fromEntries(values)]);
const words = (...given: string[]) => shown(parseWords(given, table));
const line = (text: string) => shown(parseLine(text, table));
const complaint = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error.lines;
    throw error;
  }
  return undefined;
};

describe('parseWords()', () => {
  it('fills options with bare words in the order of definition', () => {
    expect(words('fly', 'owl', '7', '5')).toEqual([['fly', { bird: ['owl'], speed: ['7'], load: ['5'] }]]);
  });
  it('skips options that were named before', () => {
    expect(words('fly', '--speed', '7', 'owl', '5')).toEqual([['fly', { speed: ['7'], bird: ['owl'], load: ['5'] }]]);
  });
  it('sets a named-only option by its name alone', () => {
    expect(words('fly', 'owl', '--to=sea')).toEqual([['fly', { bird: ['owl'], to: ['sea'] }]]);
    expect(complaint(() => words('fly', 'owl', '1', '2', 'sea'))).toEqual(["unexpected data 'sea'"]);
  });
  it('takes each word as it stands', () => {
    expect(words('say', 'a;b', "'c", '#d')).toEqual([['say', { words: ['a;b', "'c", '#d'] }]]);
  });
  it('ends options at --, and takes a single dash for data', () => {
    expect(words('say', '--', '--loud', '-x')).toEqual([['say', { words: ['--loud', '-x'] }]]);
    expect(words('fly', '-z')).toEqual([['fly', { bird: ['-z'] }]]);
  });
  it('leaves all that follows the first word to an option that takes the rest', () => {
    expect(words('run', 'owl', '--env', 'A=1', '--env=B=2', 'ls', '--env', '--', '--help')).toEqual([
      ['run', { bird: ['owl'], env: ['A=1', 'B=2'], cmd: ['ls', '--env', '--', '--help'] }],
    ]);
    expect(words('run', 'owl', '--', '--ls', '--env')).toEqual([['run', { bird: ['owl'], cmd: ['--ls', '--env'] }]]);
    expect(line('run owl ls --env; say b')).toEqual([
      ['run', { bird: ['owl'], cmd: ['ls', '--env'] }],
      ['say', { words: ['b'] }],
    ]);
  });
  it('takes an option-like word as a value where one is due', () => {
    expect(words('fly', '--bird', '--high')).toEqual([['fly', { bird: ['--high'] }]]);
  });
  it('knows aliases of commands and options by their real names', () => {
    expect(words('soar', 'owl', '--kilobytes', '5')).toEqual([['fly', { bird: ['owl'], load: ['5'] }]]);
  });
  it('knows aliases that stand for a value', () => {
    expect(words('fly', '--unladen', 'owl')).toEqual([['fly', { bird: ['owl'], load: ['0'] }]]);
  });
  it('makes --help anywhere the help of the command', () => {
    expect(words('fly', '--high', '--help')).toEqual([['help', { command: ['fly'] }]]);
  });
  it('ignores words behind the command that help is asked about', () => {
    expect(words('help', 'fly', 'extra')).toEqual([['help', { command: ['fly'] }]]);
  });
  it.each([
    [['swim'], ["unknown command: 'swim'"]],
    [['fly', 'owl', '--deep'], ["command 'fly' doesn't support option --deep"]],
    [['fly', 'owl', '--hig'], ["command 'fly' doesn't support option --hig"]],
    [['fly', '--high=yes', 'owl'], ["invalid '=' after option --high"]],
    [['fly', '--unladen=1', 'owl'], ["invalid '=' after option --unladen"]],
    [['fly', '--unladen', '--load', '5'], ['option --load already seen']],
    [['fly', '--high', '--high', 'owl'], ['option --high already seen']],
    [['fly', '--bird'], ['expected syntax: --bird <string>']],
    [['fly', 'owl', '--speed'], ['expected syntax: --speed <number>']],
    [['fly'], ["command 'fly' requires <bird> option"]],
    [['weigh'], ["command 'weigh' requires <bird> option", "command 'weigh' requires --size option"]],
    [['weigh', 'owl', '3', 'more'], ["unexpected data 'more'"]],
  ])('refuses %j', (given, lines) => {
    expect(complaint(() => words(...given))).toEqual(lines);
  });
});

describe('parseLine()', () => {
  it('separates commands at semicolons and newlines, and passes over empty ones', () => {
    expect(line(';; say a; say b\nsay c;')).toEqual([
      ['say', { words: ['a'] }],
      ['say', { words: ['b'] }],
      ['say', { words: ['c'] }],
    ]);
  });
  it('passes over a command that is a comment, quoted or not', () => {
    expect(line("'#say' a; say b\n\\#say 'c;'")).toEqual([['say', { words: ['b'] }]]);
    expect(words('#say', 'a')).toEqual([]);
    expect(words('say', '#a')).toEqual([['say', { words: ['#a'] }]]);
  });
  it('finds no command in nothing', () => {
    expect(line(' \t')).toEqual([]);
  });
  it.each([
    ["say 'a b' c", ['a b', 'c']],
    ['say "a \\" b" c', ['a " b', 'c']],
    ['say "it\'s" \'a"b\'', ["it's", 'a"b']],
    ['say a\\ b', ['a b']],
    ['say a\\\nb \\\n c', ['ab', 'c']],
    ['say a"b c"d', ['ab cd']],
    ["say 'never closed", ['never closed']],
    ['say a#b # comment', ['a#b']],
    ["say '' x", ['', 'x']],
  ])('reads %j', (text, expected) => {
    expect(line(text)).toEqual([['say', { words: expected }]]);
  });
  it('tells of each option as it is read, before what is wrong', () => {
    const told: [string, string, string | true][] = [];
    const read = () => parseLine('say --loud "a b" c; fly', table, (command, option, word) => told.push([command.name, option.name, word]));
    expect(complaint(read)).toEqual(["command 'fly' requires <bird> option"]);
    expect(told).toEqual([
      ['say', 'loud', true],
      ['say', 'words', 'a b'],
      ['say', 'words', 'c'],
    ]);
  });
  it('refuses an open double quote and a last backslash', () => {
    expect(complaint(() => line('say "a'))).toEqual(['missing "']);
    expect(complaint(() => line('say a\\'))).toEqual(['dangling \\']);
  });
});

describe('parseGlobals()', () => {
  const options: GlobalOption[] = [
    { letter: 'c', long: 'connect', value: 'required' },
    { letter: 'q', long: 'quiet' },
    { letter: 'r', long: 'readonly' },
    { letter: 'k', long: 'keepalive-interval', value: 'required' },
    { letter: 'K', long: 'keepalive-count', value: 'required' },
    { letter: 'v', long: 'version', value: 'optional' },
  ];
  const split = (...given: string[]) => {
    const found: [string, string | undefined][] = [];
    const rest = parseGlobals(given, options, (letter, value) => found.push([letter, value]) > 0);
    return { found, rest };
  };
  it.each([
    [
      ['-qr', 'list', '-q'],
      [
        ['q', undefined],
        ['r', undefined],
      ],
      ['list', '-q'],
    ],
    [['-clxc:///', 'x'], [['c', 'lxc:///']], ['x']],
    [['-c', '-q', 'x'], [['c', '-q']], ['x']],
    [['--connect=a', 'x'], [['c', 'a']], ['x']],
    [['--con', 'a', 'x'], [['c', 'a']], ['x']],
    [['--version=long'], [['v', 'long']], []],
    [['--version', 'long'], [['v', undefined]], ['long']],
    [['--', '-q'], [], ['-q']],
    [['-', '-q'], [], ['-', '-q']],
  ])('splits %j', (given, found, rest) => {
    expect(split(...given)).toEqual({ found, rest });
  });
  it.each([
    [['-Z'], "unsupported option '-Z'. See --help."],
    [['--frob', 'x'], "unsupported option '--frob'. See --help."],
    [['--keepalive', '3'], "unsupported option '--keepalive'. See --help."],
    [['-c'], "option '-c'/'--connect' requires an argument"],
    [['--connect'], "option '-c'/'--connect' requires an argument"],
  ])('refuses %j', (given, message) => {
    expect(complaint(() => split(...given))).toEqual([message]);
  });
});

describe('a long line', () => {
  it('takes time by its length, not by the square of it', () => {
    const words = Array.from({ length: 200_000 }, () => 'x');
    const tookMs = cpuMs(() => {
      const [command] = parseWords(['echo', ...words], commandTable);
      expect(command?.values.get('string')).toHaveLength(words.length);
    });
    expect(tookMs).toBeLessThan(5000);
  });
});

describe('words that mean the same', () => {
  it.each([
    'list --all --name',
    'desc web --config a "b  c" --new-desc -- -x --title',
    'domstats --state a b --raw c',
    'attach-disk web /a vda --driver=loop --mode readonly',
    'setmem web 10M',
    'exec web --user me -- ls -l --color=auto "" "a=b"',
    'lxc-enter-namespace web --noseclabel -- /bin/sh -c "echo $HOME; exit"',
    'echo --shell hi --str there',
    'define --validate "/a b.xml"',
  ])('%s', (line) => {
    const [command] = parseLine(line, commandTable);
    expect(parseWords(wordsOf(command!), commandTable)).toEqual([command]);
  });
});
