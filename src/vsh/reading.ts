// Commands that tell facts. A function finds them; what it returns is printed as text, or with --json as JSON.

import { type Arguments, type CommandContext, type CommandDefinition, excludes, type OptionDefinition, type Outcome } from './command.ts';
import type { Json } from './json.ts';

const JSON_OPTION = { name: 'json', type: 'bool', help: 'print a line of JSON instead' } as const;

type Definition = Omit<CommandDefinition, 'options' | 'run'>;

interface Told<Options extends readonly OptionDefinition[]> extends Definition {
  /** --json is added to them. */
  readonly options: Options;
  /** Those that have the command change something: they do not go with --json. */
  readonly changedBy?: readonly Options[number]['name'][];
}

type ReadingArguments<Options extends readonly OptionDefinition[]> = Arguments<Options> & { readonly json: boolean };

export interface Reading<Options extends readonly OptionDefinition[], Context, Data> extends Told<Options> {
  /** Finds the facts, and prints nothing. Undefined where there is nothing to print: something was changed. */
  readonly read: (context: Context, args: ReadingArguments<Options>) => Promise<Data | undefined> | Data | undefined;
  readonly text: (data: Data, args: Arguments<Options>, context: Context) => string;
  /** Its keys are for ever, and in the schema (src/json-schema). */
  readonly json: (data: Data, args: Arguments<Options>) => Json;
  /** False: what was found makes the command fail. */
  readonly succeeds?: (data: Data) => boolean;
}

export interface Following<Options extends readonly OptionDefinition[], Context, Item> extends Told<Options> {
  /** Tells each item as it comes, and flushes where it waits for more. */
  readonly follow: (context: Context, args: ReadingArguments<Options>, tell: (item: Item) => void) => Promise<Outcome> | Outcome;
  readonly text: (item: Item, args: Arguments<Options>) => string | Buffer;
  readonly json: (item: Item, args: Arguments<Options>) => Json;
}

/** A command that is over when it knows all: with --json one line. */
export function readingCommand<Options extends readonly OptionDefinition[], Context extends CommandContext, Data>(
  reading: Reading<Options, Context, Data>,
): CommandDefinition {
  return withJson(reading, run);

  async function run(context: Context, args: ReadingArguments<Options>): Promise<Outcome> {
    const { read, text, json, succeeds } = reading;
    const data = await read(context, args);
    if (args.json) {
      const { jsonLine } = await import('./json.ts');
      context.print(jsonLine(data === undefined ? null : json(data, args)));
    } else if (data !== undefined) context.print(text(data, args, context));
    return data === undefined || !succeeds || succeeds(data);
  }
}

/** A command that tells what happens: with --json a line for each item. */
export function followingCommand<Options extends readonly OptionDefinition[], Context extends CommandContext, Item>(
  following: Following<Options, Context, Item>,
): CommandDefinition {
  return withJson(following, run);

  async function run(context: Context, args: ReadingArguments<Options>): Promise<Outcome> {
    const { follow, text, json } = following;
    const jsonLine = args.json ? (await import('./json.ts')).jsonLine : undefined;
    return await follow(context, args, (item) => {
      const told = jsonLine ? jsonLine(json(item, args)) : text(item, args);
      if (typeof told === 'string') context.print(told);
      else context.printBytes(told);
    });
  }
}

const WITH_JSON = { with: JSON_OPTION.name } as const;

/** Changes what it is given: it is nobody else's, and a copy of each would be made by every run of the program. */
function withJson<Options extends readonly OptionDefinition[], Context extends CommandContext>(
  told: Told<Options>,
  run: (context: Context, args: ReadingArguments<Options>) => Promise<Outcome>,
): CommandDefinition {
  // The parser builds exactly what the options describe, and the program's session is its context.
  const definition = told as unknown as { -readonly [Key in keyof CommandDefinition]: CommandDefinition[Key] };
  definition.options = withJsonOption(told.options);
  if (told.changedBy) definition.rules = [...(told.rules ?? []), ...told.changedBy.map((name) => excludes('json', name))];
  definition.isVerbatim ??= WITH_JSON;
  definition.run = run as unknown as CommandDefinition['run'];
  return definition;
}

/** What takes all words that are left stays the last. */
function withJsonOption(options: readonly OptionDefinition[]): OptionDefinition[] {
  const all = [...options, JSON_OPTION];
  const last = options.at(-1);
  if (last?.type === 'argv' && !last.namedOnly) all.splice(-2, 2, JSON_OPTION, last);
  return all;
}
