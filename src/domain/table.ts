// Tables that words of other people look into: elements of a document, keys of a configuration.

/** What the table itself has under `word`; what every object has, such as `constructor`, is not in it. */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
