import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commandStore, type TempStore } from '../../../helpers/temp-store.ts';

let store: TempStore;
let transcriptOf: typeof import('../../../helpers/recorded-session.ts').transcriptOf;
beforeEach(async () => {
  ({ store, transcriptOf } = await commandStore({
    'a.xml': "<domain type='lxc'><name>a</name><memory>1</memory><os><type>exe</type><init>/i</init></os></domain>",
  }));
  expect((await transcriptOf(`define ${store.at('a.xml')}`)).errors).toEqual([]);
});
afterEach(() => store.remove());

describe('undefine', () => {
  it.each(['--keep-nvram', '--tpm', '--keep-tpm', '--managed-save --snapshots-metadata --checkpoints-metadata'])(
    'does without %s',
    async (options) => {
      expect(await transcriptOf(`undefine a ${options}`)).toEqual({ ok: true, output: '', errors: [] });
    },
  );
  it.each([
    ['--nvram', '0x4'],
    ['--nvram --tpm', '0x24'],
  ])('does not do without %s', async (options, flags) => {
    const reason = `unsupported flags (${flags}) in function lxcDomainUndefineFlags`;
    expect((await transcriptOf(`undefine a ${options}`)).errors).toEqual(["Failed to undefine domain 'a'", reason]);
  });
  it('looks at its options before it looks for the domain', async () => {
    const reason = "'--wipe-storage' requires '--storage <string>' or '--remove-all-storage'";
    expect((await transcriptOf('undefine nosuch --wipe-storage')).errors).toEqual([reason]);
  });
});

describe('desc', () => {
  it('tells of a text that is not there unless it is to be quiet', async () => {
    expect((await transcriptOf('desc a', { quiet: false })).output).toContain('No description for domain: a');
    expect(await transcriptOf('desc a --title')).toEqual({ ok: true, output: '', errors: [] });
    expect((await transcriptOf('desc a some words; desc a')).output).toBe('some words');
  });
});

describe('autostart --once', () => {
  it('is about a mark of its own', async () => {
    expect((await transcriptOf('autostart a --once', { quiet: false })).output).toBe("Domain 'a' marked as autostarted on next boot\n\n");
    expect(fs.readdirSync(store.at('etc/libvirt/lxc/autostart'))).toEqual(['a.once']);
    expect((await transcriptOf('autostart a --disable; list --all --autostart --name')).output).toBe('');
    expect((await transcriptOf('dominfo a')).output).toContain('Autostart Once: enable');
    expect((await transcriptOf('domrename a b; dominfo b')).output).toContain('Autostart Once: enable');
    expect(fs.readdirSync(store.at('etc/libvirt/lxc/autostart'))).toEqual(['b.once']);
    expect((await transcriptOf('undefine b')).ok).toBe(true);
    expect(fs.readdirSync(store.at('etc/libvirt/lxc/autostart'))).toEqual([]);
  });
  it('is refused where libvirt sets the measure', async () => {
    fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'functions = "libvirt"\n');
    expect((await transcriptOf('autostart a --once')).errors).toEqual([
      "Failed to mark domain 'a' as autostarted on next boot",
      'this function is not supported by the connection driver: virDomainSetAutostartOnce',
    ]);
    expect((await transcriptOf('autostart a')).ok).toBe(true);
  });
});

describe('await', () => {
  it.each([
    ['a --condition x', ["Unsupported await condition name 'x'"]],
    ['nosuch --condition x', ["Unsupported await condition name 'x'"]],
    ['a --condition guest-agent-available', ["Condition 'guest-agent-available' never holds: containers have no guest agent"]],
    ['nosuch --condition domain-inactive --timeout 0', ["Numeric value '0' for <timeout> option is malformed or out of range"]],
    ['nosuch --condition domain-inactive', ["failed to get domain 'nosuch'"]],
    ['a', ["command 'await' requires <condition> option"]],
    ['a domain-inactive', ["unexpected data 'domain-inactive'"]],
  ])('looks at what it is told before anything else: %s', async (words, errors) => {
    expect(await transcriptOf(`await ${words}`)).toEqual({ ok: false, output: '', errors });
  });
});

describe('list --table --uuid', () => {
  it('is a table with uuids, where there is more than libvirt 9.0 has', async () => {
    expect((await transcriptOf('desc a --title t')).ok).toBe(true);
    const { output } = await transcriptOf('list --all --table --uuid --title', { quiet: false });
    expect(output.split('\n').map((line) => line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}$/, 'U'))).toEqual([
      ' Id   Name   State      Title   UUID',
      '-'.repeat(70),
      ' -    a      shut off   t       U',
      '',
      '',
    ]);
    expect((await transcriptOf('list --all --table --uuid')).output).toMatch(/^ - {3}a {3}shut off {3}[0-9a-f-]{36}\n$/);
    fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), 'functions = "libvirt"\n');
    expect((await transcriptOf('list --table --uuid')).errors).toEqual(['Options --table and --uuid are mutually exclusive']);
  });
});

describe('blkiotune', () => {
  it('stores no device without a path, which nothing could read again', async () => {
    expect((await transcriptOf('blkiotune a --device-weights ,500 --config')).errors).toEqual([
      'Unable to change blkio parameters',
      "invalid argument: unable to parse blkio device 'device_weight' ',500'",
    ]);
    expect((await transcriptOf('blkiotune a --device-weights /dev/sda,500 --config')).errors).toEqual([]);
    expect((await transcriptOf('blkiotune a --config')).output).toContain('device_weight  : /dev/sda,500\n');
  });
});

describe('capabilities --xpath', () => {
  it('prints what is selected', async () => {
    expect((await transcriptOf('capabilities --xpath //guest[1]/arch/domain')).output).toBe('<domain type="lxc"/>\n');
    expect((await transcriptOf("capabilities --wrap --xpath '//domain'")).output).toMatch(/^<nodes>\n {2}<domain type="lxc"\/>/);
    expect((await transcriptOf('capabilities')).output).toMatch(/^<capabilities>[\s\S]*<\/capabilities>\n\n$/);
  });
});

describe('dumpxml --xpath', () => {
  it('has nothing to say about an empty expression', async () => {
    expect(await transcriptOf("dumpxml a --xpath ''")).toEqual({ ok: false, output: '', errors: [] });
  });
});

describe('dumpxml --migratable', () => {
  it('is not for those who may only read', async () => {
    const reason = 'operation forbidden: virDomainGetXMLDesc with secure flag';
    expect((await transcriptOf('dumpxml a --migratable', { readonly: true })).errors).toEqual([reason]);
    expect((await transcriptOf('dumpxml a --migratable')).ok).toBe(true);
  });
});

describe('an editor', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('that leaves an element which is not there as it is changes nothing', async () => {
    vi.stubEnv('EDITOR', 'true');
    expect(await transcriptOf('metadata a urn:x --key k --edit', { quiet: false })).toEqual({
      ok: true,
      output: 'Metadata not changed\n',
      errors: [],
    });
  });
  it('whose XML is refused is not run again where nobody can be asked', async () => {
    vi.stubEnv('EDITOR', 'sh -c \'echo "<broken" >"$0"\'');
    expect(await transcriptOf('metadata a urn:x --key k --edit')).toEqual({
      ok: false,
      output: '',
      errors: [expect.stringContaining('broken')],
    });
  });
  it('whose file is gone says so for the command and for the file', async () => {
    vi.stubEnv('EDITOR', 'rm');
    expect((await transcriptOf('desc a --edit')).errors).toEqual([
      expect.stringMatching(/^\S+\.xml: failed to read temporary file: No such file or directory$/),
      expect.stringMatching(/^Failed to open file '\S+\.xml': No such file or directory$/),
    ]);
  });
  it('does not take metadata whose element is not the first thing in it', async () => {
    for (const xml of ['<!-- c --><x/>', '<?pi?><x/>', '<?xml version="1.0"?> <!-- c --><x/>'])
      expect((await transcriptOf(`metadata a urn:x --key k --set '${xml}'`)).errors).toEqual([
        'internal error: failed to create a new XML namespace',
      ]);
    expect((await transcriptOf(`metadata a urn:x --key k --set ' <x/><!-- c -->'`)).errors).toEqual([]);
  });
  it.each([
    ['nosuch', "Cannot find 'nosuch' in path: No such file or directory"],
    ['/no/such', expect.stringMatching(/^internal error: Child process \(\/no\/such \S+\) unexpected exit status 127$/)],
    ['/dev/null', expect.stringMatching(/^internal error: Child process \(\/dev\/null \S+\) unexpected exit status 126$/)],
  ])('%s cannot be executed', async (editor, reason) => {
    vi.stubEnv('EDITOR', editor);
    expect((await transcriptOf('desc a --edit')).errors).toEqual([reason]);
  });
});

describe('detach-interface', () => {
  it('that only prints says once what is missing', async () => {
    expect((await transcriptOf('detach-interface a bridge --print-xml')).errors).toEqual(['No interface found whose type is bridge']);
    expect((await transcriptOf('detach-interface a bridge --print-xml --config')).errors).toHaveLength(2);
    expect((await transcriptOf('detach-interface a bridge')).errors).toEqual([
      'No interface found whose type is bridge',
      'Failed to detach interface',
    ]);
  });
  it('names what it was doing after an empty word', async () => {
    expect((await transcriptOf("detach-interface a ''")).errors).toEqual([
      "Failed to get option 'type': Option argument is empty",
      'Failed to detach interface',
    ]);
  });
});
