import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { formatDomain } from '../../../src/domain/format.ts';
import { parseDomain } from '../../../src/domain/parse.ts';
import { formatStored, parseStored } from '../../../src/domain/stored.ts';
import { LibvirtError } from '../../../src/errors.ts';
import { escapeXml } from '../../../src/xml/escape.ts';
import { domainWith, testHost } from './test-host.ts';

vi.setConfig({ testTimeout: 60_000 });

const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => /^[^\0-\x1f\ufffe\uffff]+$/.test(value));
const path = text.map((value) => `/${value}`);
const number = fc.nat(1_000_000);

const filesystem = fc
  .record({ source: path, target: path, readonly: fc.boolean(), mode: fc.constantFrom('', 'mapped', 'squash', 'passthrough') })
  .map(
    ({ source, target, readonly, mode }) =>
      `<filesystem${mode ? ` accessmode='${mode}'` : ''}><source dir='${escapeXml(source)}'/><target dir='${escapeXml(target)}'/>${readonly ? '<readonly/>' : ''}</filesystem>`,
  );
const iface = fc
  .record({ bridge: text, mtu: number, link: fc.constantFrom('up', 'down') })
  .map(
    ({ bridge, mtu, link }) =>
      `<interface type='bridge'><source bridge='${escapeXml(bridge)}'/><link state='${link}'/><mtu size='${mtu}'/></interface>`,
  );
const domain = fc
  .record({
    title: text,
    args: fc.array(text, { maxLength: 3 }),
    env: fc.array(fc.tuple(text, text), { maxLength: 3 }),
    memory: fc.integer({ min: 1, max: 2 ** 40 }),
    devices: fc.array(fc.oneof(filesystem, iface, fc.constant('<console/>')), { maxLength: 5 }),
    metadata: text,
  })
  .map(({ title, args, env, memory, devices, metadata }) => ({
    top: `<title>${escapeXml(title)}</title><metadata><m xmlns='urn:m' a='${escapeXml(metadata)}'><b>${escapeXml(metadata)}</b></m></metadata><currentMemory>${memory}</currentMemory>`,
    os:
      args.map((arg) => `<initarg>${escapeXml(arg)}</initarg>`).join('') +
      env.map(([name, value]) => `<initenv name='${escapeXml(name)}'>${escapeXml(value)}</initenv>`).join(''),
    devices: devices.join(''),
  }));

describe('the codec', () => {
  it('gives back what it stored', () => {
    fc.assert(
      fc.property(domain, (parts) => {
        const definition = parseDomain(domainWith(parts), testHost());
        expect(parseStored(formatStored(definition), testHost())).toEqual(definition);
      }),
    );
  });

  it('has its own output as a fixed point', () => {
    fc.assert(
      fc.property(domain, (parts) => {
        const once = formatDomain(parseDomain(domainWith(parts), testHost()), { live: false, lossless: true });
        expect(formatDomain(parseDomain(once, testHost()), { live: false, lossless: true })).toBe(once);
      }),
    );
  });

  it('throws nothing but LibvirtError for elements put together at random', () => {
    const names =
      'domain name uuid memory vcpu cputune numatune os type init devices console filesystem source target interface mac ip route hostdev disk driver seclabel features capabilities clock timer idmap uid cpu numa cell controller rng backend metadata'.split(
        ' ',
      );
    const attribute = fc.tuple(
      fc.constantFrom('type', 'mode', 'name', 'dev', 'dir', 'address', 'id', 'index', 'unit', 'cpuset', 'start'),
      fc.constantFrom('', '0', '-1', 'lxc', 'x', 'mount', 'bridge', '99999999999999999999', '0-3'),
    );
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc
        .tuple(
          fc.constantFrom(...names),
          fc.uniqueArray(attribute, { maxLength: 3, selector: ([name]) => name }),
          fc.array(fc.oneof({ maxDepth: 4 }, fc.constantFrom('', 'x', '5', 'exe', '/i'), tie('tree')), { maxLength: 4 }),
        )
        .map(
          ([name, attributes, children]) =>
            `<${name}${attributes.map(([key, value]) => ` ${key}='${value}'`).join('')}>${children.join('')}</${name}>`,
        ),
    }));
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 4 }), fc.array(tree, { maxLength: 4 }), (top, devices) => {
        try {
          parseDomain(domainWith({ top: top.join(''), devices: devices.join('') }), testHost());
        } catch (error) {
          expect(error).toBeInstanceOf(LibvirtError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
