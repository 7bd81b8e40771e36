import { describe, expect, it } from 'vitest';
import { commandTable } from '../../../src/virsh/registry.ts';
import { completions } from '../../../src/vsh/complete.ts';

const complete = (...words: string[]) => completions({ table: commandTable, connecting: async () => undefined }, words);

describe('completions()', () => {
  it('completes commands, but not hidden ones', async () => {
    expect(await complete('undef')).toEqual(['undefine']);
    expect(await complete('self')).toEqual([]);
  });
  it('completes options that were not given yet', async () => {
    expect(await complete('domstate', 'x', '--')).toEqual(['--domain', '--reason', '--why']);
    expect(await complete('domstate', '--reason', '--')).toEqual(['--domain', '--why']);
  });
  it('completes the topics of help', async () => {
    expect(await complete('help', 'und')).toEqual(['undefine']);
    expect(await complete('help', 'monit')).toEqual(['monitor']);
  });
  it('has nothing to say about an unknown command', async () => {
    expect(await complete('nosuch', '')).toEqual([]);
  });
});
