import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateDomain } from '../../../src/domain/schema.ts';
import { domainWith } from './test-host.ts';

const directory = new URL('../../fixtures/domain-xml/', import.meta.url);
const HEAD = 'XML document failed to validate against schema: Unable to validate doc against /usr/share/libvirt/schemas/domain.rng\n';

const MISFIT = (first: string) => `${first}Extra element namespace in interleave\nElement domain failed to validate content\n`;

describe('validateDomain()', () => {
  it.each(readdirSync(directory).filter((file) => file.endsWith('.out.xml') && file !== 'identity.out.xml'))('lets %s pass', (file) => {
    expect(() => validateDomain(readFileSync(new URL(file, directory)))).not.toThrow();
  });

  it.each([
    [{ top: '<nonsense/>' }, 'Element domain has extra content: nonsense\n'],
    [{ devices: '<nonsense/>' }, 'Extra element devices in interleave\nElement domain failed to validate content\n'],
    [{ devices: "<console type='pty' foo='x'/>" }, 'Extra element devices in interleave\nElement domain failed to validate content\n'],
    ...[
      "<disk type='file'><source file='a'/><target dev='vda'/></disk>",
      "<disk type='file'><source file='/a'/><target dev='zzz'/></disk>",
      "<hostdev mode='capabilities' type='misc'><source><char>rel</char></source></hostdev>",
      "<hostdev mode='capabilities' type='net'><source><interface>a b</interface></source></hostdev>",
      "<interface type='bridge'><source bridge='b'/><target dev='a b'/></interface>",
      "<interface type='bridge'><source bridge='b'/><guest dev='a b'/></interface>",
    ].map((devices): [{ devices: string }, string] => [
      { devices },
      'Extra element devices in interleave\nElement domain failed to validate content\n',
    ]),
    [
      { os: "<initenv name='a b'>x</initenv>" },
      'Error validating value \nExtra element os in interleave\nElement domain failed to validate content\n',
    ],
    [{ devices: "<console type='zz'/>" }, 'Extra element devices in interleave\nElement domain failed to validate content\n'],
    [
      { top: "<vcpu foo='1'>1</vcpu>" },
      'Extra element vcpu in interleave\nInvalid sequence in interleave\nElement domain failed to validate content\n',
    ],
    [
      { top: "<clock offset='zz'/>" },
      'Element clock failed to validate attributes\nExtra element clock in interleave\nElement domain failed to validate content\n',
    ],
    [{ top: '<title>a\nb</title>' }, 'Extra element title in interleave\nElement domain failed to validate content\n'],
    [{ top: '<metadata>a</metadata>' }, 'Extra element metadata in interleave\nElement domain failed to validate content\n'],
    [
      { top: '<uuid>zz</uuid>' },
      'Extra element uuid in interleave\nInvalid sequence in interleave\nElement domain failed to validate content\n',
    ],
    ...[
      '<vcpu>0</vcpu>',
      "<vcpu current='0'>1</vcpu>",
      '<vcpu>70000</vcpu>',
      '<blkiotune><weight>50</weight></blkiotune>',
      '<cputune><period>5</period></cputune>',
      '<iothreads>x</iothreads>',
      '<resource><partition>x</partition></resource>',
    ].map((top): [{ top: string }, string] => [
      { top },
      `Extra element ${/\w+/.exec(top)![0]} in interleave\nInvalid sequence in interleave\nElement domain failed to validate content\n`,
    ]),
    [
      { top: "<seclabel type='x'/>" },
      'Invalid attribute type for element seclabel\nExtra element seclabel in interleave\nElement domain failed to validate content\n',
    ],
    [
      { top: "<numatune><memory mode='x' nodeset='0'/></numatune>" },
      'Extra element memory in interleave\nExtra element numatune in interleave\nInvalid sequence in interleave\nElement domain failed to validate content\n',
    ],
    [
      { devices: "<hostdev mode='capabilities' type='misc'/>" },
      'Extra element devices in interleave\nElement domain failed to validate content\n',
    ],
    [{ os: '<zz/>' }, 'Error validating value \nExtra element os in interleave\nElement domain failed to validate content\n'],
  ])('%j', (parts, problem) => {
    expect(() => validateDomain(domainWith(parts))).toThrow(HEAD + problem);
  });

  it.each([
    ['<memory>x</memory>', "Type unsignedLong doesn't allow value 'x'"],
    ["<memory unit='q'>-5</memory>", "Type unsignedLong doesn't allow value '-5'"],
    ["<memory unit='q'>5</memory>", 'Invalid attribute unit for element memory'],
    ["<memory dumpCore='q'>5</memory>", 'Invalid attribute dumpCore for element memory'],
    ["<memory foo='q'>5</memory>", 'Invalid attribute foo for element memory'],
  ])('%s', (memory, problem) => {
    const tail = 'Extra element memory in interleave\nInvalid sequence in interleave\nElement domain failed to validate content\n';
    expect(() => validateDomain(`<domain type='lxc'><name>a</name>${memory}</domain>`)).toThrow(`${HEAD}${problem}\n${tail}`);
  });

  it.each([
    ['<l:bogus/>', 'Element domain has extra content: bogus\n'],
    ['<l:namespace><l:bogus/></l:namespace>', MISFIT('Element namespace has extra content: bogus\n')],
    ["<l:namespace><sharenet type='name' value='y'/></l:namespace>", MISFIT('Element namespace has extra content: sharenet\n')],
    ['<l:namespace>text</l:namespace>', MISFIT('Element namespace has extra content: text\n')],
    ["<l:namespace a='b'/>", MISFIT('Invalid attribute a for element namespace\n')],
    ['<l:namespace/><l:namespace/>', MISFIT('')],
    ...[
      '<l:sharenet/>',
      "<l:sharenet type='name'/>",
      "<l:sharenet type='none' value='y'/>",
      "<l:sharenet type='name' value='y' z='1'/>",
      "<l:sharenet type='name' value='y'/><l:sharenet type='name' value='y'/>",
    ].map((inside): [string, string] => [`<l:namespace>${inside}</l:namespace>`, MISFIT('Extra element sharenet in interleave\n')]),
    ["<l:namespace><l:shareipc type='netns' value='y'/></l:namespace>", MISFIT('Extra element shareipc in interleave\n')],
  ])('reports what is shared in another way than %s has it', (top, problem) => {
    const document = (inside: string) =>
      domainWith({ top: inside }).replace("'lxc'", "'lxc' xmlns:l='http://libvirt.org/schemas/domain/lxc/1.0'");
    expect(() => validateDomain(document(top))).toThrow(HEAD + problem);
    expect(() =>
      validateDomain(document("<l:namespace><l:sharenet type='netns' value=''/><l:shareuts type='pid' value='1'/></l:namespace>")),
    ).not.toThrow();
  });

  it('reports an <os> without a type', () => {
    const document = "<domain type='lxc'><name>a</name><memory>1</memory><os><init>/i</init></os></domain>";
    expect(() => validateDomain(document)).toThrow(
      `${HEAD}Expecting an element type, got nothing\nExtra element os in interleave\nElement domain failed to validate content\n`,
    );
  });
});
