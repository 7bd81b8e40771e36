// From the raw words of a parsed command to the typed values that its handler reads.

import { inContext } from '../errors.ts';
import { type Arguments, failure, type OptionDefinition } from './command.ts';
import type { ParsedCommand, RawValues } from './parse.ts';
import { parseScaled } from './scaled.ts';

/** Lazily checked values of every option of the command. */
export function argumentsOf(command: ParsedCommand): Arguments<readonly OptionDefinition[]> {
  const args = {};
  for (const option of command.definition.options) {
    Object.defineProperty(args, option.name, { enumerable: true, get: () => typedValue(option, command.values) });
  }
  return args as Arguments<readonly OptionDefinition[]>;
}

function typedValue(option: OptionDefinition, values: RawValues): boolean | string | number | bigint | readonly string[] | undefined {
  const given = values.get(option.name);
  if (option.type === 'bool') return given === true;
  const words = given === true || given === undefined ? [] : given;
  if (option.type === 'argv') return words;
  const word = words[0];
  if (word === undefined) return undefined;
  if (option.type === 'int') return integer(option, word);
  if (option.type === 'scaled') return scaled(option, word);
  if (word === '' && !option.emptyAllowed) throw failure(`Failed to get option '${option.name}': Option argument is empty`);
  return word;
}

function integer(option: OptionDefinition, word: string): number {
  const number = /^\s*[+-]?\d+$/.test(word) ? Number(word) : Number.NaN;
  if (!(number >= (option.min ?? -(2 ** 31)) && number <= (option.max ?? 2 ** 31 - 1))) {
    throw failure(`Numeric value '${word}' for <${option.name}> option is malformed or out of range`);
  }
  return number;
}

function scaled(option: OptionDefinition, word: string): bigint {
  const malformed = `Scaled numeric value '${word}' for <${option.name}> option is malformed or out of range`;
  let bytes: bigint | undefined;
  try {
    bytes = parseScaled(word, BigInt(option.unitBytes ?? 1024));
  } catch (error) {
    throw inContext(malformed, error);
  }
  if (bytes === undefined) throw failure(malformed);
  return bytes;
}
