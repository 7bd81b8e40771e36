import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freeClassId, withClasses } from '../../../src/network/classes.ts';
import { parseNetwork } from '../../../src/network/parse.ts';
import { formatNetworkStatus, parseNetworkStatus } from '../../../src/network/stored.ts';
import { escapeXml } from '../../../src/xml/escape.ts';
import { name, text } from '../domain/any-text.ts';

const UUID = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';

describe('freeClassId()', () => {
  it('begins after those of the network itself and fills gaps', () => {
    const taken = (...ids: number[]) => ids.map((id) => ({ id, floor: 1 }));
    expect([taken(), taken(3), taken(3, 5), taken(4)].map(freeClassId)).toEqual([3, 4, 4, 3]);
  });
});

describe('withClasses()', () => {
  const network = parseNetwork(`<network><name>n</name><uuid>${UUID}</uuid></network>`, { randomUuid: () => UUID });
  const status = formatNetworkStatus(network);

  it('says which classes ports have, and what is guaranteed to them together', () => {
    const text = withClasses(status, [
      { id: 5, floor: 20 },
      { id: 3, floor: 100 },
    ]);
    expect(text).toContain(`<networkstatus>\n  <class_id bitmap='0-3,5'/>\n  <floor sum='120'/>\n  <network>`);
    expect(parseNetworkStatus(text, { randomUuid: () => UUID })).toEqual(network);
    expect(withClasses(text, [])).toBe(status);
    expect(status).toContain(`<class_id bitmap='0-2'/>\n  <floor sum='0'/>`);
  });

  it('writes what the formatter would, whatever the network is called and holds', () => {
    const taken = fc.uniqueArray(fc.record({ id: fc.integer({ min: 3, max: 500 }), floor: fc.nat(10_000) }), { selector: ({ id }) => id });
    fc.assert(
      fc.property(name, text, taken, fc.boolean(), (called, value, classes, starting) => {
        const metadata = `<metadata><m xmlns='urn:m'><![CDATA[\n  <floor sum='9'/>\n]]>${escapeXml(value)}</m></metadata>`;
        const xml = `<network><name>${escapeXml(called)}</name>${metadata}<bridge name='${escapeXml(value)}'/></network>`;
        const definition = parseNetwork(xml, { randomUuid: () => UUID });
        const noted = withClasses(formatNetworkStatus(definition, { starting }), classes);
        expect(noted).toBe(formatNetworkStatus(definition, { starting, classes }));
      }),
    );
  });
});
