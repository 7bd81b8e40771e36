import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateDomain } from '../../../src/domain/schema.ts';
import { domainWith } from './test-host.ts';

const directory = new URL('../../fixtures/domain-xml/', import.meta.url);
const HEAD = 'XML document failed to validate against schema: Unable to validate doc against /usr/share/libvirt/schemas/domain.rng\n';

describe('validateDomain()', () => {
  it.each(readdirSync(directory).filter((file) => file.endsWith('.out.xml') && file !== 'identity.out.xml'))('lets %s pass', (file) => {
    expect(() => validateDomain(readFileSync(new URL(file, directory)))).not.toThrow();
  });

  it.each([
    [{ top: '<nonsense/>' }, 'Element domain has extra content: nonsense\n'],
    [{ devices: '<nonsense/>' }, 'Extra element devices in interleave\nElement domain failed to validate content\n'],
    [{ devices: "<console type='pty' foo='x'/>" }, 'Extra element devices in interleave\nElement domain failed to validate content\n'],
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
});
