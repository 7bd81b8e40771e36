import { describe, expect, it } from 'vitest';
import type { Seclabel } from '../../../src/domain/definition.ts';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { minimalDefinition } from '../../helpers/definition.ts';
import { domainWith, testHost } from './test-host.ts';

const parsed = (top: string, securityModel?: string) =>
  parseDomain(domainWith({ top, devices: "<console type='pty'/>" }), { ...testHost(), ...(securityModel && { securityModel }) }).seclabels;

describe('a <seclabel> without a model', () => {
  it.each<[string, string | undefined, Seclabel[]]>([
    ["<seclabel type='dynamic'/>", undefined, [{ type: 'none', model: 'none' }]],
    ["<seclabel type='dynamic'/>", 'selinux', [{ type: 'dynamic', model: 'selinux', relabel: 'yes' }]],
    ["<seclabel type='none'/>", 'apparmor', [{ type: 'none', model: 'apparmor' }]],
  ])('%s means that of the host, %s', (top, model, expected) => {
    expect(parsed(top, model)).toEqual(expected);
  });
});

describe('labels of a run', () => {
  const run: Seclabel = { type: 'dynamic', model: 'selinux', relabel: 'yes', label: 'p', imagelabel: 'f', baselabel: 'b' };
  const lines = (seclabel: Seclabel, live: boolean): string[] =>
    formatDomain(
      minimalDefinition(({ seclabels }) => void seclabels.push(seclabel)),
      { live },
    )
      .split('\n')
      .filter((line) => /label/.test(line))
      .map((line) => line.trim());

  it('are printed of a domain that runs, and are no part of its definition', () => {
    expect(lines(run, true)).toEqual([
      "<seclabel type='dynamic' model='selinux' relabel='yes'>",
      '<label>p</label>',
      '<imagelabel>f</imagelabel>',
      '<baselabel>b</baselabel>',
      '</seclabel>',
    ]);
    expect(lines(run, false)).toEqual([
      "<seclabel type='dynamic' model='selinux' relabel='yes'>",
      '<baselabel>b</baselabel>',
      '</seclabel>',
    ]);
  });
  it('have no image label where nothing is relabelled', () => {
    expect(lines({ type: 'static', model: 'selinux', relabel: 'no', label: 'p', imagelabel: 'f' }, true)).toEqual([
      "<seclabel type='static' model='selinux' relabel='no'>",
      '<label>p</label>',
      '</seclabel>',
    ]);
    expect(lines({ type: 'none', model: 'selinux', imagelabel: 'f' }, true)).toEqual(["<seclabel type='none' model='selinux'/>"]);
  });
});
