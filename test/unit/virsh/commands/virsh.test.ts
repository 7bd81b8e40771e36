import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempStore, tempStore } from '../../../helpers/temp-store.ts';

let store: TempStore;
let transcriptOf: typeof import('../../../helpers/recorded-session.ts').transcriptOf;
beforeEach(async () => {
  store = tempStore();
  ({ transcriptOf } = await import('../../../helpers/recorded-session.ts'));
});
afterEach(() => store.remove());

describe('connect', () => {
  it('goes back to the same URI', async () => {
    expect((await transcriptOf('connect; uri', { uri: 'lxc:///system' })).output).toBe('lxc:///system\n');
    expect((await transcriptOf('connect lxc://; connect --readonly; uri', { uri: 'lxc:///system' })).output).toBe('lxc://\n');
  });
  it('stays read-only unless it is told where to go', async () => {
    const readonly = { readonly: true };
    expect((await transcriptOf('connect; define /dev/null', readonly)).errors.at(-1)).toBe(
      'operation forbidden: read only access prevents virDomainDefineXML',
    );
    expect((await transcriptOf('connect lxc:///; define /dev/null', readonly)).errors.at(-1)).not.toContain('forbidden');
  });
});

describe('echo', () => {
  it('has no error without words', async () => {
    expect(await transcriptOf('echo --err')).toEqual({ ok: true, output: '', errors: [] });
    expect((await transcriptOf("echo --err ''")).errors).toEqual(['']);
  });
  it.each([
    ['a,b c,,d', 'a\nb\n c,d\n'],
    ["'a b' c", 'a b\n c\n'],
    ["'' a,", ' a\n\n'],
  ])('splits each word for itself: %s', async (words, output) => {
    expect((await transcriptOf(`echo --split ${words}`)).output).toBe(output);
  });
  it('leaves out what XML cannot have', async () => {
    expect((await transcriptOf("echo --xml '\x01a\x1f<\tb'")).output).toBe('a&lt;\tb');
  });
});

describe('the debug log', () => {
  it('tells how a domain is looked for', async () => {
    const line = 'domstate 12';
    expect((await transcriptOf(line, { debugLevel: 1 })).output).toBe('domstate: found option <domain>: 12\n');
    expect((await transcriptOf(line, { debugLevel: 0 })).output).toBe(
      'domstate: found option <domain>: 12\ndomstate: <domain> trying as domain ID\ndomstate: <domain> trying as domain NAME\n',
    );
    expect((await transcriptOf(line, { debugLevel: 2 })).output).toBe('');
    expect((await transcriptOf("domname ' +7'", { debugLevel: 0 })).output).toContain('domname: <domain> trying as domain ID\n');
  });
});
