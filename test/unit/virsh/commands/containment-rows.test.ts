import { describe, expect, it } from 'vitest';
import { containment } from '../../../../src/security/containment.ts';
import { containmentRows } from '../../../../src/virsh/commands/monitor/containment-rows.ts';
import { minimalDefinition } from '../../../helpers/definition.ts';

const none = { uid: [], gid: [] };
const range = { start: 0, target: 100_000, count: 65_536 };
const at = (level: 'libvirt' | 'default' | 'strict') => ({ level, filter: containment(minimalDefinition(), level).filter });

describe('containmentRows()', () => {
  it('tell of a domain that nothing is kept from but what libvirt keeps from it', () => {
    expect(containmentRows({ ...at('libvirt'), label: undefined, idmap: none, hasIdsChosen: false })).toEqual([
      ['Containment:', 'libvirt'],
      ['System calls:', 'none refused'],
      ['Label:', 'none'],
      ['Ids:', "the host's"],
    ]);
  });

  it('count each system call once, and say that newer ones are refused, too', () => {
    const rules = [
      { calls: ['bpf', 'acct'], error: 'EPERM' },
      { calls: ['acct'], error: 'EPROTONOSUPPORT' },
    ] as const;
    const refused = (isClosed: boolean) =>
      containmentRows({ level: 'strict', filter: { rules, isClosed }, label: undefined, idmap: none, hasIdsChosen: true }).slice(1);
    expect(refused(false)).toEqual([
      ['System calls:', '2 refused, some by argument'],
      ['Label:', 'none'],
      ['Ids:', 'chosen at each start'],
    ]);
    expect(refused(true)[0]).toEqual(['System calls:', '2 refused, some by argument, and those that are newer than this program']);
  });

  it.each(['default', 'strict'] as const)('count those of level %s', (level) => {
    const [, [, text] = []] = containmentRows({ ...at(level), label: undefined, idmap: none, hasIdsChosen: false });
    expect(Number(/^(\d+) refused/.exec(text!)![1])).toBeGreaterThan(10);
  });

  it('name the label, and whose ids the ids of a container are', () => {
    const rows = (idmap: { uid: (typeof range)[]; gid: (typeof range)[] }, hasIdsChosen: boolean) =>
      containmentRows({ ...at('default'), label: 'libvirt-x', idmap, hasIdsChosen }).slice(2);
    expect(rows({ uid: [range], gid: [range] }, true)).toEqual([
      ['Label:', 'libvirt-x'],
      ['Ids:', '0-65535 are 100000-165535 of the host, chosen for this run'],
    ]);
    expect(
      rows(
        {
          uid: [range],
          gid: [
            { ...range, target: 5 },
            { start: 70_000, target: 1, count: 1 },
          ],
        },
        false,
      ).slice(1),
    ).toEqual([
      ['User ids:', '0-65535 are 100000-165535 of the host'],
      ['Group ids:', '0-65535 are 5-65540 of the host, 70000-70000 are 1-1 of the host'],
    ]);
  });
});
