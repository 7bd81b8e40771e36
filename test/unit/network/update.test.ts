import { describe, expect, it } from 'vitest';
import { formatNetwork } from '../../../src/network/format.ts';
import { parseNetwork } from '../../../src/network/parse.ts';
import { type UpdateCommand, type UpdateSection, updateNetwork } from '../../../src/network/update.ts';

const network = parseNetwork(
  `<network><name>n</name><bridge name='b'/><dns><txt name='t' value='v'/><host ip='10.0.0.5'><hostname>h</hostname></host></dns>
   <ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.9'/><host name='a' ip='10.0.0.30'/></dhcp></ip>
   <ip family='ipv6' address='fd00::1' prefix='64'/></network>`,
  { randomUuid: () => 'u' },
);

const update = (command: UpdateCommand, section: UpdateSection, xml: string, parentIndex = -1) =>
  formatNetwork(updateNetwork(network, { command, section, xml, parentIndex }));

describe('updateNetwork()', () => {
  it('adds in front and behind', () => {
    const entry = `<host name='b' ip='10.0.0.31'/>`;
    const [a, b] = [`<host name='a' ip='10.0.0.30'/>`, entry].map((line) => `      ${line}\n`);
    expect(update('add-last', 'ip-dhcp-host', entry)).toContain(`${a}${b}`);
    expect(update('add-first', 'ip-dhcp-host', entry)).toContain(`${b}${a}`);
    expect(update('add-last', 'dns-srv', `<srv service='s' protocol='tcp'/>`)).toContain(`<srv service='s' protocol='tcp'/>`);
    expect(update('add-last', 'ip-dhcp-range', `<range start='10.0.0.40' end='10.0.0.41'/>`)).toContain(`start='10.0.0.40'`);
    expect(update('add-last', 'portgroup', `<portgroup name='p'/>`)).toContain(`<portgroup name='p'>`);
  });

  it('deletes no host without a part to know it by', () => {
    expect(() => update('delete', 'ip-dhcp-host', '<host/>')).toThrow(
      "XML error: At least one of name, mac, or ip attribute must be specified for static host definition in network 'n' ",
    );
  });

  it('deletes by a part and replaces by a key', () => {
    expect(update('delete', 'ip-dhcp-host', `<host name='a'/>`)).not.toContain("name='a'");
    expect(update('modify', 'ip-dhcp-host', `<host name='a' ip='10.0.0.77'/>`)).toContain("<host name='a' ip='10.0.0.77'/>");
    expect(update('delete', 'dns-txt', `<txt name='t'/>`)).not.toContain('<txt');
    expect(update('delete', 'dns-host', `<host><hostname>h</hostname></host>`)).not.toContain('<hostname>');
  });

  it('leaves what it was given alone', () => {
    const before = formatNetwork(network);
    update('delete', 'dns-txt', `<txt name='t'/>`);
    expect(formatNetwork(network)).toBe(before);
  });

  it.each([
    ['add-last', 'ip', '<ip/>', "Operation not supported: can't update 'ip' section of network 'n'"],
    ['add-last', 'dns-txt', '<srv/>', "XML error: unexpected element <srv>, expecting <txt>, while updating network 'n'"],
    ['modify', 'dns-host', '<host/>', 'Operation not supported: DNS HOST records cannot be modified, only added or deleted'],
    ['modify', 'ip-dhcp-range', '<range/>', 'Operation not supported: dhcp ranges cannot be modified, only added or deleted'],
    [
      'add-last',
      'ip-dhcp-host',
      `<host name='a' ip='10.0.0.9'/>`,
      "Requested operation is not valid: there is an existing dhcp host entry in network 'n' that matches \"<host mac='unknown' name='a' ip='10.0.0.9'/>\"",
    ],
    [
      'add-last',
      'ip-dhcp-host',
      `<host name='b' ip='fd00::7'/>`,
      "Requested operation is not valid: the address family of a host entry IP must match the address family of the dhcp element's parent",
    ],
    ['delete', 'dns-txt', `<txt name='x'/>`, "Requested operation is not valid: couldn't locate a matching DNS TXT record in network n"],
  ] as const)('%s %s %s', (command, section, xml, message) => {
    expect(() => update(command, section, xml)).toThrow(message);
  });

  it('names the <ip> that is not there', () => {
    expect(() => update('add-last', 'ip-dhcp-host', `<host name='b' ip='10.0.0.31'/>`, 5)).toThrow(
      "Requested operation is not valid: couldn't update dhcp host entry - no <ip> element found at index 5 in network 'n'",
    );
  });
});
