import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContainerCgroup } from '../../../src/domain/cgroup-path.ts';
import { domainBody, domainFacts, statisticsFacts, statusFacts } from '../../../src/domain/facts.ts';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { formatStatus } from '../../../src/domain/status.ts';
import { formatStored } from '../../../src/domain/stored.ts';
import { escapeXml } from '../../../src/xml/escape.ts';
import { name, text } from './any-text.ts';
import { domainWith, testHost } from './test-host.ts';

const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';
const METADATA = `<metadata><m xmlns='urn:m'><![CDATA[<uuid>no</uuid>\n<title>no</title>]]></m></metadata>`;

const domain = fc.record({ called: name, title: fc.option(text, { nil: undefined }) }).map(({ called, title }) => {
  const top = `${title === undefined ? '' : `<title>${escapeXml(title)}</title>`}${METADATA}`;
  const xml = domainWith({ top }).replace('<name>t</name>', () => `<name>${escapeXml(called)}</name>`);
  return parseDomain(xml, testHost());
});

const status = fc.record({
  domain,
  state: fc.constantFrom('running' as const, 'paused' as const),
  reason: fc.constantFrom('booted', 'user', 'starting-up'),
  controllerPid: fc.integer({ min: 2, max: 2 ** 22 }),
  controllerStartTime: fc.nat().map(String),
  initPid: fc.integer({ min: 2, max: 2 ** 22 }),
  owned: fc.boolean(),
});

describe('domainFacts()', () => {
  it('finds what was written, whatever the domain is called and holds', () => {
    fc.assert(
      fc.property(domain, (definition) => {
        const facts = { uuid: definition.uuid, title: definition.title };
        const stored = formatStored(definition);
        expect([domainFacts(stored), domainFacts(formatDomain(definition, { live: false }))]).toEqual([facts, facts]);
        expect(domainBody(stored)).toBe(formatDomain(definition, { live: false, lossless: true }));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [`<!--\nwho made it\n-->\n\n<domain type='lxc'>\n  <name>vm1</name>\n  <uuid>${UUID}</uuid>\n</domain>\n`, UUID],
    ['<uuid>short</uuid>', undefined],
    ['<domain><uuid>short</uuid></domain>', undefined],
    ['', undefined],
  ])('of %j', (document, uuid) => {
    expect(domainFacts(document).uuid).toBe(uuid);
  });
});

describe('statusFacts()', () => {
  it('finds what was written, whatever the domain is called and holds', () => {
    fc.assert(
      fc.property(status, ({ owned, ...parts }) => {
        const { domain: definition, ...facts } = parts;
        const cgroup = `${definition.name}/lxc-${owned ? parts.controllerPid : 1}-t.libvirt-lxc`;
        expect(statusFacts(formatStatus({ ...parts, cgroup, extra: {} }))).toEqual({
          ...facts,
          uuid: definition.uuid,
          title: definition.title,
          cgroup: isContainerCgroup(cgroup, parts.controllerPid) ? cgroup : undefined,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('of what was cut off are what stands there whole', () => {
    fc.assert(
      fc.property(status, fc.nat(), (parts, at) => {
        const cgroup = `machine/lxc-${parts.controllerPid}-t.libvirt-lxc`;
        const whole = formatStatus({ ...parts, cgroup, extra: {} });
        const facts = statusFacts(whole.slice(0, at % whole.length));
        expect([undefined, parts.domain.uuid]).toContain(facts.uuid);
        expect([undefined, cgroup]).toContain(facts.cgroup);
        expect([undefined, parts.state]).toContain(facts.state);
        expect([0, parts.initPid]).toContain(facts.initPid);
      }),
    );
  });
});

describe('statisticsFacts()', () => {
  const DISK = `<disk type='block'><source dev='/dev/sda'/><target dev='vda'/></disk>`;
  const INTERFACES = `<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='web&amp;1'/><guest dev='eth0'/></interface>
    <interface type='direct'><mac address='52:54:00:00:00:02'/><source dev='eth0' mode='bridge'/><guest dev='eth7' actual='eth7'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:03'/><source bridge='br0'/></interface>`;
  const top = `<currentMemory unit='KiB'>1024</currentMemory><vcpu current='2'>5</vcpu>${METADATA.replace('<uuid>', "<interface type='x'>")}`;
  const definition = parseDomain(domainWith({ top, devices: `${INTERFACES}` }), testHost(), { status: true });
  const facts = {
    memoryKiB: 65536,
    currentMemoryKiB: 1024,
    vcpus: { current: 2, maximum: 5 },
    hasDisks: false,
  };

  it('are those of the definition, in a status', () => {
    const { devices } = definition;
    const interfaces = devices.interfaces.map(({ targetDev, guestDev }) => ({ targetDev, guestDev }));
    expect(interfaces.map(({ targetDev }) => targetDev)).toEqual(['web&1', undefined, undefined]);
    const document = formatStatus({
      ...{ domain: definition, state: 'running', reason: 'booted', controllerPid: 9, controllerStartTime: '1', initPid: 10, extra: {} },
      cgroup: 'machine/lxc-9-t.libvirt-lxc',
    });
    expect(statisticsFacts(document)).toEqual({ ...facts, interfaces });
  });

  it('are those of the definition, in a store', () => {
    const stored = formatStored(parseDomain(domainWith({ devices: DISK }), testHost()));
    expect(statisticsFacts(stored)).toEqual({
      memoryKiB: 65536,
      currentMemoryKiB: 65536,
      vcpus: { current: 1, maximum: 1 },
      interfaces: [],
      hasDisks: true,
    });
  });

  it('of a damaged document are none', () => {
    expect(statisticsFacts('<domain')).toEqual({
      ...{ memoryKiB: 0, currentMemoryKiB: 0, vcpus: { current: 0, maximum: 0 }, interfaces: [], hasDisks: false },
    });
  });
});
