import { describe, expect, it } from 'vitest';
import { commandsMeantBy } from '../../../src/virsh/other-names.ts';
import { commandTable } from '../../../src/virsh/registry.ts';

const WORDS =
  'attach clone copy-to copy-from delete disable enable enter info inspect kill launch ls pause ps pull push rm run stop unpause wait'.split(
    ' ',
  );

describe('what others call it', () => {
  it.each(WORDS)('%s is no command, but means some that there are', (word) => {
    expect(commandTable.find(word)).toBeUndefined();
    expect(commandsMeantBy(word).length).toBeGreaterThan(0);
    for (const name of commandsMeantBy(word)) expect([name, commandTable.find(name)?.unsupported ?? false]).toEqual([name, false]);
    for (const name of commandsMeantBy(word)) expect(commandTable.find(name)).toBeDefined();
  });

  it('of a word that nobody has means nothing', () => {
    expect(commandsMeantBy('frobnicate')).toEqual([]);
    expect(commandsMeantBy('constructor')).toEqual([]);
  });
});
