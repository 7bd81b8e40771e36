// Words that every object of JavaScript answers to are words like any other here: no table, reader or command takes them for its own.
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatDomain } from '../../src/domain/format.ts';
import { parseDomain } from '../../src/domain/parse.ts';
import { validateDomain } from '../../src/domain/schema.ts';
import { LibvirtError } from '../../src/errors.ts';
import { formatNetwork } from '../../src/network/format.ts';
import { parseNetwork } from '../../src/network/parse.ts';
import { validateNetworkDocument } from '../../src/network/schema.ts';
import { parseXml } from '../../src/xml/reader.ts';
import { type TempStore, tempStore } from '../helpers/temp-store.ts';
import { domainWith, testHost } from './domain/test-host.ts';

vi.setConfig({ testTimeout: 120_000 });

const WORDS = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
const ROOT = path.resolve(import.meta.dirname, '../..');

/** What went wrong that is not one of our own complaints. */
function bugOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof LibvirtError && !isBug(error) ? undefined : error;
  }
}

function isBug(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError || isBug(error.cause);
}

describe('documents', () => {
  it.each(WORDS)('have no entity of the name %s', (word) => {
    for (const document of [`<a>&${word};</a>`, `<a b='&${word};'/>`, `<!DOCTYPE a [<!ENTITY e "&${word};">]><a b='&e;'/>`])
      expect(() => parseXml(document, '(x)')).toThrow(`Entity '${word}' not defined`);
  });

  it.each(WORDS)('have no element and no attribute of the name %s for --validate', (word) => {
    const inElements = ["<clock offset='utc'>", '<devices>', '<os>', '<features>', '<seclabel>', '<memory>'].map((start) => {
      const name = /\w+/.exec(start)![0];
      return `${start}<${word}/></${name}>`;
    });
    for (const top of [`<${word}/>`, ...inElements])
      expect(() => validateDomain(`<domain type='lxc'><name>a</name>${top}</domain>`)).toThrow('XML document failed to validate');
    expect(() => validateDomain(`<domain type='lxc'><name>a</name><memory ${word}='1'>5</memory></domain>`)).toThrow('failed to validate');
    for (const inside of [`<${word}/>`, `<dns><${word}/></dns>`, `<ip ${word}='1'/>`, `<forward><nat><${word}/></nat></forward>`])
      expect(() => validateNetworkDocument(`<network><name>a</name>${inside}</network>`)).toThrow('failed to validate');
  });

  /** The document with each name, value and text in turn replaced by the word. */
  function* replaced(document: string, word: string): Generator<string> {
    for (const { index, 0: found } of document.matchAll(/(?<=['"])[^'"<>]*(?=['"])|(?<=>)[^<>]*\w[^<>]*(?=<)|(?<=<\/?)[\w:]+|[\w:]+(?==)/g))
      yield document.slice(0, index) + word + document.slice(index + found.length);
  }

  const folder = path.join(ROOT, 'test/fixtures/domain-xml');
  it.each(fs.readdirSync(folder))('%s: are refused or read, and printed again, with such words anywhere', (file) => {
    const document = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const word of WORDS.slice(0, 3))
      for (const changed of replaced(document, word)) {
        expect([changed, bugOf(() => validateDomain(changed))]).toEqual([changed, undefined]);
        expect([changed, bugOf(() => formatDomain(parseDomain(changed, testHost()), { live: false }))]).toEqual([changed, undefined]);
      }
  });

  it('of networks likewise', () => {
    const documents = JSON.parse(fs.readFileSync(path.join(ROOT, 'test/fixtures/network/documents.json'), 'utf8')) as Record<
      string,
      { xml: string }
    >;
    for (const { xml } of Object.values(documents))
      for (const word of WORDS.slice(0, 3))
        for (const changed of replaced(xml, word)) {
          expect([changed, bugOf(() => validateNetworkDocument(changed))]).toEqual([changed, undefined]);
          expect([changed, bugOf(() => formatNetwork(parseNetwork(changed, testHost())))]).toEqual([changed, undefined]);
        }
  });

  it('of devices that no bus, protocol or kind is called', () => {
    for (const word of WORDS)
      for (const devices of [
        `<disk><source file='/a'/><target dev='sda' bus='${word}'/></disk>`,
        `<disk type='network'><source protocol='${word}' name='a'><host name='b'/></source><target dev='sda'/></disk>`,
        `<hostdev mode='capabilities' type='${word}'><source><block>/a</block></source></hostdev>`,
        `<interface type='bridge'><source bridge='b'/><virtualport type='${word}'/></interface>`,
        `<controller type='${word}'/>`,
        `<console type='${word}'/>`,
      ])
        expect(() => parseDomain(domainWith({ devices }), testHost())).toThrow(LibvirtError);
  });
});

describe('commands', () => {
  let store: TempStore;
  let session: typeof import('../helpers/recorded-session.ts');
  let commands: import('../../src/vsh/command.ts').CommandDefinition[];
  beforeAll(async () => {
    store = tempStore();
    session = await import('../helpers/recorded-session.ts');
    const { commandTable } = await import('../../src/virsh/registry.ts');
    commands = [...commandTable.groups, ...commandTable.laterGroups()].flatMap((group) => group.commands);
    const file = store.at('a.xml');
    fs.writeFileSync(file, domainWith({}).replace('<name>t<', '<name>a<'));
    expect((await session.transcriptOf(`define ${file}`)).errors).toEqual([]);
  });
  afterAll(() => store.remove());

  /** Those that take over the terminal, wait, or write the file that they are told. */
  const ELSEWHERE = new Set([
    'console',
    'edit',
    'net-edit',
    'event',
    'net-event',
    'nodedev-event',
    'cd',
    'connect',
    'quit',
    'exit',
    'metrics',
  ]);

  it.each(WORDS)('have nothing special to say of %s', async (word) => {
    const bugs: [string, unknown][] = [];
    const attempt = async (line: string) => {
      for (const bug of await session.bugsOf(line)) bugs.push([line, bug]);
    };
    await attempt(word);
    for (const { name, options } of commands.filter((command) => !ELSEWHERE.has(command.name))) {
      await attempt(`${name} --${word}`);
      const wanting = options.filter(({ type }) => type !== 'bool');
      for (const option of wanting) {
        for (const value of [word, `${word}=1`]) {
          const others = wanting.filter((other) => other !== option && other.required);
          const given = others.map((other) => `--${other.name} ${other.type === 'int' || other.type === 'scaled' ? '1' : 'a'}`);
          await attempt([name, ...given, `--${option.name} ${value}`].join(' '));
        }
      }
    }
    expect(bugs).toEqual([]);
  });
});

describe('tables', () => {
  /** Those that are asked for words of our own only. */
  const OWN_WORDS = new Set([
    'src/virsh/man.ts parts', // of man/prose
    'src/virsh/commands/unsupported/rows.ts NUMBERS', // of its own table
    'src/virsh/commands/virsh/echo.ts XML_ENTITIES', // single characters
    'src/virsh/commands/xpath.ts ESCAPES', // single characters
    'src/virsh/commands/unsupported/values.ts args', // names of options
    'src/domain/status.ts extra', // a file of our own
    'src/domain/table.ts table', // this is how it is done
    'src/host/parse-host.ts ARCHITECTURES', // of Node
    'src/host/cgroup/devices.ts [letter as keyof typeof ACCESS]', // of rules of our own
    'src/host/cpu.ts CACHE_TYPES', // of the kernel
    'src/host/run-hooks.ts env', // of our own hooks
    'src/rpc/xdr.ts value', // fields of our own structures
  ]);

  it('are looked into by entryOf() or are Maps', () => {
    const found: string[] = [];
    for (const entry of fs
      .readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))) {
      const file = path.join('src', entry);
      const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
      const tables = new Set([...text.matchAll(/\b(\w+)\??: (?:Readonly<|Partial<)*Record<string,/g)].map(([, name]) => name!));
      for (const name of tables) if (new RegExp(`\\b${name}(?:\\?\\.)?\\[(?!['"\\]])`).test(text)) found.push(`${file} ${name}`);
      for (const [use] of text.matchAll(/\[\w+ as keyof typeof \w+\]/g)) found.push(`${file} ${use}`);
    }
    expect(found.filter((place) => !OWN_WORDS.has(place))).toEqual([]);
  });
});
