import { describe, expect, it } from 'vitest';
import { freeClassId, portClass, withClasses } from '../../../src/network/classes.ts';
import { parseNetwork } from '../../../src/network/parse.ts';
import { formatNetworkPort, parseNetworkPort } from '../../../src/network/port.ts';
import { formatNetworkStatus, parseNetworkStatus } from '../../../src/network/stored.ts';

const UUID = '3b0e2b3c-54e6-4d6f-8a4b-111111111120';
const port = (bandwidth: string): string =>
  formatNetworkPort(
    parseNetworkPort(
      `<networkport><uuid>${UUID}</uuid><owner><name>o</name><uuid>${UUID}</uuid></owner><mac address='52:54:00:00:00:01'/>${bandwidth}</networkport>`,
    ),
  );

describe('portClass()', () => {
  it.each([
    [`<bandwidth classID='3'><inbound average='9' floor='200' burst='1'/></bandwidth>`, { id: 3, floor: 200 }],
    [`<bandwidth classID='17'><outbound average='9'/><inbound floor='5'/></bandwidth>`, { id: 17, floor: 5 }],
    [`<bandwidth><inbound average='9'/></bandwidth>`, undefined],
    ['', undefined],
  ])('of a port with %s', (bandwidth, expected) => {
    expect(portClass(port(bandwidth))).toEqual(expected);
  });
});

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
});
