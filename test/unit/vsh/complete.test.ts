import { describe, expect, it } from 'vitest';
import { libvirtError } from '../../../src/errors.ts';
import { commandTable } from '../../../src/virsh/registry.ts';
import { type Completer, completions } from '../../../src/vsh/complete.ts';

/** Of each kind there is one, called by the kind and the domain that it is of. */
const completer: Completer = {
  table: commandTable,
  candidates: async (kind, given) => [kind, ...(given.has('domain') ? [`${kind} of ${given.get('domain')}`] : [])],
  paths: (kind, start) => [{ text: `:${kind} ${start}`, isMark: true }],
};

const complete = async (...words: string[]) => (await completions(completer, words)).map(({ text }) => text);
const values = async (...words: string[]) => (await complete(...words)).filter((text) => !text.startsWith('--'));

describe('completions()', () => {
  it('completes commands, but not hidden ones', async () => {
    expect(await complete('undef')).toEqual(['undefine']);
    expect(await complete('self')).toEqual([]);
  });
  it('completes options that were not given yet', async () => {
    expect(await complete('domstate', 'x', '--')).toEqual(['--json', '--reason', '--why']);
    expect(await complete('domstate', '--reason', '--')).toEqual(['--domain', '--json', '--why']);
  });
  it('does not offer what cannot be given together with what is there', async () => {
    expect(await complete('event', '--list', '--a')).toEqual([]);
    expect(await complete('event', '--a')).toEqual(['--all']);
    expect(await complete('setmem', 'x', '--config', '--c')).toEqual([]);
  });
  it('completes the topics of help', async () => {
    expect(await complete('help', 'und')).toEqual(['undefine']);
    expect(await complete('help', 'monit')).toEqual(['monitor']);
  });
  it('has nothing to say about an unknown command', async () => {
    expect(await complete('nosuch', '')).toEqual([]);
  });
  it('offers the domains that a command is for', async () => {
    const kinds = async (command: string) => (await values(command, '')).join();
    expect(await Promise.all(['start', 'destroy', 'suspend', 'resume', 'undefine', 'dumpxml'].map(kinds))).toEqual([
      'inactive-domain',
      'active-domain',
      'running-domain',
      'paused-domain',
      'persistent-domain',
      'domain',
    ]);
    expect(await Promise.all(['net-start', 'net-destroy', 'net-undefine', 'net-info'].map(kinds))).toEqual([
      'inactive-network',
      'active-network',
      'persistent-network',
      'network',
    ]);
  });
  it('offers what the domain has that was named before, in whichever way', async () => {
    expect(await complete('console', 'web', '--devname', '')).toEqual(['console', 'console of web']);
    expect(await values('console', '--domain=web', '')).toEqual(['console', 'console of web']);
    expect(await values('domifstat', '--domain', 'web', '')).toEqual(['interface', 'interface of web']);
  });
  it('completes values behind the equals sign', async () => {
    expect(await complete('event', '--event=life')).toEqual(['--event=lifecycle']);
    expect(await complete('console', 'web', '--devname=')).toEqual(['--devname=console', '--devname=console of web']);
    expect(await complete('domstate', '--reason=')).toEqual([]);
  });
  it('completes the last member of a list by those that are not in it', async () => {
    expect(await complete('shutdown', 'web', '--mode', 'signal,')).toEqual(
      ['acpi', 'agent', 'initctl', 'paravirt'].map((mode) => `signal,${mode}`),
    );
    expect(await complete('shutdown', 'web', '--mode=acpi,si')).toEqual(['--mode=acpi,signal']);
  });
  it('leaves files to whoever asks', async () => {
    expect(await complete('define', 'a/b')).toEqual([':file a/b']);
    expect(await complete('define', '--file=a/b')).toEqual([':file a/b']);
    expect(await complete('cd', '--dir', 'x')).toEqual([':directory x']);
    expect(await values('cp', 'dom')).toEqual([':file dom', 'domain-root']);
  });
  it('takes no word for an option where none can be', async () => {
    expect(await complete('start', '--', '--')).toEqual([]);
    expect(await complete('start', '--', '')).toEqual(['inactive-domain']);
    expect(await complete('lxc-enter-namespace', 'web', '--', '/bin/ls', '--')).toEqual([]);
  });
  it('says what an answer means', async () => {
    const [first] = await completions(completer, ['domstat']);
    expect(first).toEqual({ text: 'domstate', about: commandTable.find('domstate')!.summary });
  });
  it('is silent where it cannot look', async () => {
    const candidates = async () => {
      throw libvirtError('NO_DOMAIN', 'none');
    };
    expect(await completions({ ...completer, candidates }, ['console', 'x', '--devname', ''])).toEqual([]);
    expect(await completions({ ...completer, candidates }, ['start', 'x'])).toEqual([]);
  });
});
