// A synopsis as virsh's help prints it, read back into what it says: `blockpull <domain> <path> [--bandwidth <bandwidth>] [--wait]`.
// In place of virsh's `<string>` and `<number>` stands what kind of one; `<size:KiB>` is a required one that is no plain word.
// `--xml|raw=raw` has an older name, `[--xpath=<string>]` is set by its name only. Pure.
import type { OptionDefinition } from '../../command.ts';

type Kind = Partial<OptionDefinition> & Pick<OptionDefinition, 'type'>;

/** What a value can be. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['string', { type: 'string' }],
  /** Perhaps an empty one. */
  ['string?', { type: 'string', emptyAllowed: true }],
  ['int', { type: 'int' }],
  ['uint', { type: 'int', min: 0, max: 2 ** 32 - 1 }],
  ['long', { type: 'int', min: -(2 ** 63), max: 2 ** 63 - 1 }],
  ['ulong', { type: 'int', min: 0, max: 2 ** 64 - 1 }],
  /** Below zero counts from the top. */
  ['wrapping', { type: 'int', min: -(2 ** 63), max: 2 ** 64 - 1 }],
  /** Of patience. */
  ['seconds', { type: 'int', min: 1, max: 2147483 }],
  ['bytes', { type: 'scaled', unitBytes: 1 }],
  ['KiB', { type: 'scaled' }],
  /** See values.ts. */
  ['bandwidth', { type: 'string', valueWord: 'number', emptyAllowed: true }],
  /** virsh has other worries before it looks at it. */
  ['number', { type: 'string', valueWord: 'number', emptyAllowed: true }],
]);

/** A flag, an option with a value, an operand, all that is left (with or without a first one): a named group for each. */
const WORD =
  /\[--(?<flag>[\w-]+)\]|\[--(?<option>[^ =\]|]+(?:\|[^ \]<]+?)?)(?<by>[ =])<(?<kind>[^>]+)>\]|<(?<operand>[^>]+)>|\{<(?<needed>[\w-]+)>\}\.\.\.|\[<(?<rest>[\w-]+)>\]\.\.\./y;

/** Throws if it is no synopsis: that is a slip in a table. */
export function parseSynopsis(synopsis: string): { name: string; options: OptionDefinition[] } {
  const [name = '', ...words] = synopsis.split(/ (?!<[^>]+>\])/);
  return { name, options: words.map(optionOf) };
}

function optionOf(word: string): OptionDefinition {
  WORD.lastIndex = 0;
  const found = WORD.exec(word)?.groups;
  if (!found || WORD.lastIndex !== word.length) throw new Error(`'${word}' is no word of a synopsis`);
  const { flag, option, by, kind = 'string', operand, needed, rest } = found;
  if (flag !== undefined) return named(flag, { type: 'bool' });
  if (needed !== undefined) return named(needed, { type: 'argv', required: true });
  if (rest !== undefined) return named(rest, { type: 'argv' });
  if (option !== undefined) return named(option, { ...kindOf(kind), ...(by === '=' && { namedOnly: true }) });
  const [names = '', operandKind = 'string'] = operand!.split(':');
  return named(names, { ...kindOf(operandKind), required: true });
}

function kindOf(kind: string): Kind {
  const found = KINDS.get(kind);
  if (!found) throw new Error(`there is no kind '${kind}' of values`);
  return found;
}

function named(names: string, definition: Kind): OptionDefinition {
  const [name = '', ...aliases] = names.split('|');
  const completes = name === 'domain' && { completes: 'domain' as const };
  return { name, help: '-', ...definition, ...(aliases.length > 0 && { aliases }), ...completes };
}
