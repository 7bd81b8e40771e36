import { describe, expect, it } from 'vitest';
import { commandTable } from '../../../src/virsh/registry.ts';
import { type CommandDefinition, defineCommand, excludes, type OptionDefinition } from '../../../src/vsh/command.ts';
import { optionForm, printHelp, shownGroups, synopsis } from '../../../src/vsh/help.ts';
import { parseWords } from '../../../src/vsh/parse.ts';
import { commandMistakes, findTableMistakes } from '../../../src/vsh/self-test.ts';

function command(...options: OptionDefinition[]): CommandDefinition {
  return defineCommand({ name: 'x', group: 'virsh', summary: 'does x', description: 'Does x.', options, run() {} });
}

const name: OptionDefinition = { name: 'name', type: 'string', required: true, help: 'whose' };
const flag: OptionDefinition = { name: 'flag', type: 'bool', help: 'whether' };
const rest: OptionDefinition = { name: 'rest', type: 'argv', help: 'what' };

describe('findTableMistakes()', () => {
  it('finds none in the table', () => {
    expect(findTableMistakes(commandTable)).toEqual([]);
  });
});

describe('commandMistakes()', () => {
  it.each<[string, OptionDefinition[]]>([
    ["x: required option 'name' comes after an optional one", [flag, name]],
    ["x: argv option 'rest' is not the last", [rest, flag]],
    ["x: bool option 'flag' cannot be required", [{ ...flag, required: true }]],
    ["x: option 'flag' is defined twice", [flag, { ...name, aliases: ['flag'] }].reverse()],
    ["x: option 'help' belongs to every command", [{ ...flag, name: 'help' }]],
  ])('finds: %s', (mistake, options) => {
    expect(commandMistakes(command(...options))).toEqual([mistake]);
  });
  it('finds a rule about an option that there is not', () => {
    expect(commandMistakes({ ...command(flag), rules: [excludes('flag', 'other')] })).toEqual(["x: rule about unknown option 'other'"]);
  });
});

describe('synopsis(), optionForm()', () => {
  const example = command(name, flag, { name: 'many', type: 'int', help: '-' }, rest);
  it('show operands, options and the rest', () => {
    expect(synopsis(example)).toBe('x <name> [--flag] [--many <number>] [[--rest] <string>]...');
    expect(example.options.map((option) => optionForm(option, example))).toEqual([
      '[--name] <string>',
      '--flag',
      '--many <number>',
      '[--rest] <string>',
    ]);
  });
  it('show a lone rest by its name', () => {
    expect(synopsis(command(flag, rest))).toBe('x [--flag] [<rest>]...');
    expect(synopsis(command(name, { ...rest, required: true }))).toBe('x <name> {[--rest] <string>}...');
  });

  it('say of an option that must be there, and by its name, that the word alone will not do', () => {
    const named = { ...name, namedOnly: true };
    expect(synopsis(command(flag, named))).toBe('x [--flag] --name <string>');
    expect(optionForm(named, command(named))).toBe('--name <string>');
  });
});

describe('printHelp()', () => {
  const help = (topic: string | undefined) => {
    let text = '';
    printHelp(
      {
        table: commandTable,
        print: (more) => {
          text += more;
        },
      },
      topic,
    );
    return text;
  };
  it('lists every command that containers have, and no other', () => {
    const listed = [...help(undefined).matchAll(/^ {4}(\S+)/gm)].map(([, word]) => word);
    const visible = shownGroups(commandTable).flatMap(({ commands }) =>
      commands.filter(({ hidden, unsupported }) => !hidden && !unsupported),
    );
    expect(listed.filter((word) => !visible.some((known) => known.name === word))).toEqual([]);
    expect(visible.filter(({ name }) => !listed.includes(name)).map(({ name }) => name)).toEqual([]);
  });
  it('explains commands of either kind, and groups by keyword', () => {
    expect(help('start')).toMatch(/^ {2}NAME\n {4}start - /);
    expect(help('snapshot-list')).toMatch(/^ {2}NAME\n {4}snapshot-list - /);
    expect(help('virsh')).toMatch(/^ Virsh itself \(help keyword 'virsh'\):\n/);
  });
  it('explains itself where --help is asked of it', () => {
    expect(parseWords(['help', '--help'], commandTable)).toEqual(parseWords(['help', 'help'], commandTable));
  });
  it('knows no other topics', () => {
    expect(() => help('nosuch')).toThrow("command or command group 'nosuch' doesn't exist");
  });
});

describe('words that stand alone', () => {
  it.each([
    ['attach-disk', 20],
    ['attach-interface', 11],
    ['detach-interface', 3],
    ['domifaddr', 3],
    ['net-dhcp-leases', 2],
    ['net-event', 3],
    ['net-update', 5],
  ])('fill the options of %s as in virsh', (name, count) => {
    const words = (more: number) => [name, ...Array.from({ length: more }, (_, index) => `w${index}`)];
    expect([...parseWords(words(count), commandTable)[0]!.values.values()].flat()).toEqual(words(count).slice(1));
    expect(() => parseWords(words(count + 1), commandTable)).toThrow(`unexpected data 'w${count}'`);
  });
});
