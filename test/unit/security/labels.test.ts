import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Seclabel } from '../../../src/domain/definition.ts';
import { LibvirtError } from '../../../src/errors.ts';
import type { LabelDriver } from '../../../src/security/label-driver.ts';
import { minimalDefinition } from '../../helpers/definition.ts';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

// The host and its driver are replaced: what is tested is which label a definition gets, and what is noted of it.
const fake = vi.hoisted(() => ({ active: undefined as string | undefined, isUsable: true, calls: [] as string[] }));
vi.mock('../../../src/host/lsm.ts', () => ({ activeLsm: () => fake.active }));
vi.mock('../../../src/security/selinux/driver.ts', () => ({
  selinux: {
    model: 'selinux',
    isUsable: () => fake.isUsable,
    baselabel: () => 'base',
    isLabel: (label) => label === 'good',
    choose: (_definition, seclabel, taken, isInit) => ({
      ...seclabel,
      label: `${isInit ? 'init ' : ''}after ${taken.map(({ label }: Seclabel) => label).join()}`,
    }),
    prepare: ({ name }) => {
      fake.calls.push(`prepare ${name}`);
      if (name === 'bad') throw new LibvirtError('SYSTEM_ERROR', 'no');
    },
    release: ({ name, uuid }, { label }) => void fake.calls.push(`release ${name} ${uuid} ${label}`),
    mountOptions: () => ({}),
    onExec: ({ label }) => ({ file: 'f', text: label! }),
    labelOf: () => ({ label: 'l', isEnforcing: true }),
  } satisfies LabelDriver,
}));

let store: TempStore;
let labels: typeof import('../../../src/security/labels.ts');
let notes: typeof import('../../../src/store/label-notes.ts');
beforeEach(async () => {
  store = tempStore();
  Object.assign(fake, { active: 'selinux', isUsable: true, calls: [] });
  labels = await import('../../../src/security/labels.ts');
  notes = await import('../../../src/store/label-notes.ts');
});
afterEach(() => store.remove());

function configure(text: string): void {
  fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
  fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), text);
}
const error = (message: string) => expect.objectContaining({ message });
const unsupported = (message: string) => error(`unsupported configuration: ${message}`);
const domain = (name: string, ...seclabels: Seclabel[]) => minimalDefinition((changed) => Object.assign(changed, { name, seclabels }));
const DYNAMIC: Seclabel = { type: 'dynamic', model: 'selinux', relabel: 'yes' };

describe('labelDriver()', () => {
  it.each<[string, string, Partial<typeof fake>, string]>([
    ['what the host has', '', {}, 'selinux'],
    ['none on another host', '', { active: undefined }, 'none'],
    ['none where something that it needs is missing', '', { isUsable: false }, 'none'],
    ['none where that is said', 'security_driver = "none"', {}, 'none'],
    ['what is said', 'security_driver = "selinux"', {}, 'selinux'],
  ])('is %s', async (_, text, host, model) => {
    configure(text);
    Object.assign(fake, host);
    expect((await labels.securityModel()).model).toBe(model);
  });
  it.each<[string, Partial<typeof fake>, string]>([
    ['smack', {}, 'Security driver smack not found'],
    ['constructor', {}, 'Security driver constructor not found'],
    ['apparmor', {}, 'Security driver apparmor not enabled'],
    ['selinux', { active: undefined }, 'Security driver selinux not enabled'],
    ['selinux', { isUsable: false }, 'Security driver selinux not enabled'],
  ])('is not %s on %o', async (name, host, message) => {
    configure(`security_driver = "${name}"`);
    Object.assign(fake, host);
    await expect(labels.labelDriver()).rejects.toEqual(error(`internal error: ${message}`));
  });
});

describe('chooseLabel()', () => {
  it.each([
    ['default', true, 'init after '],
    ['default', false, 'after '],
    ['libvirt', true, 'after '],
  ])('at level %s with an init system (%s) is %j', async (level, isInit, label) => {
    configure(`security_level = "${level}"`);
    expect((await labels.chooseLabel(domain('one', DYNAMIC), isInit))?.seclabel.label).toBe(label);
  });
  it.each<[string, Seclabel[], Seclabel | undefined]>([
    ['', [], undefined],
    ['', [DYNAMIC], DYNAMIC],
    ['', [{ type: 'none', model: 'none' }], undefined],
    ['', [{ type: 'none', model: 'selinux' }], { type: 'none', model: 'selinux' }],
    ['security_default_confined = 1', [], DYNAMIC],
    ['security_default_confined = 1', [{ type: 'none', model: 'selinux' }], { type: 'none', model: 'selinux' }],
    ['security_require_confined = 1', [DYNAMIC], DYNAMIC],
  ])('with %j, %j', async (text, seclabels, expected) => {
    configure(text);
    const chosen = await labels.chooseLabel(domain('vm1', ...seclabels));
    expect(chosen?.seclabel).toEqual(expected && { ...expected, label: 'after ' });
  });
  it.each<[string, string | undefined, Seclabel[], string]>([
    ['', 'selinux', [{ type: 'dynamic', model: 'apparmor' }], "Security driver model 'apparmor' is not available"],
    ['', undefined, [DYNAMIC], "Security driver model 'selinux' is not available"],
    ['security_require_confined = 1', 'selinux', [], 'Unconfined guests are not allowed on this host'],
    ['security_require_confined = 1', 'selinux', [{ type: 'none', model: 'selinux' }], 'Unconfined guests are not allowed on this host'],
    ['security_require_confined = 1', undefined, [], 'Security driver "none" cannot create confined guests'],
  ])('with %j on %s refuses %j', async (text, active, seclabels, message) => {
    configure(text);
    fake.active = active;
    await expect(labels.chooseLabel(domain('vm1', ...seclabels))).rejects.toEqual(unsupported(message));
  });
  it('looks at the labels of disks, too', async () => {
    const { parseDomain } = await import('../../../src/domain/parse.ts');
    const { domainWith, testHost } = await import('../domain/test-host.ts');
    const devices =
      "<disk type='block'><source dev='/dev/x'><seclabel model='dac' relabel='no'/></source><target dev='sda'/></disk><console type='pty'/>";
    await expect(labels.chooseLabel(parseDomain(domainWith({ devices }), testHost()))).rejects.toEqual(
      unsupported("Security driver model 'dac' is not available"),
    );
  });
});

describe('verifyLabels()', () => {
  const fixed = (label: string, model = 'selinux'): Seclabel => ({ type: 'static', model, relabel: 'no', label });
  it('refuses a static label that the host does not know', async () => {
    await labels.verifyLabels(domain('vm1', DYNAMIC, fixed('good'), fixed('bad', 'dac')));
    await expect(labels.verifyLabels(domain('vm1', fixed('bad')))).rejects.toEqual(error('XML error: Invalid security label bad'));
  });
  it('knows none on a host without labels', async () => {
    fake.active = undefined;
    await labels.verifyLabels(domain('vm1', fixed('bad')));
  });
});

describe('takeLabel()', () => {
  it('notes the label before it prepares the host, tells the next of it and gives it back', async () => {
    await labels.takeLabel(domain('one', DYNAMIC));
    const two = await labels.takeLabel(domain('two', DYNAMIC));
    expect(two!.seclabel.label).toBe('after after ');
    expect(notes.labelNotes().sort()).toEqual(['one', 'two']);
    await labels.releaseLabel('one');
    await labels.releaseLabel('one');
    expect(notes.labelNotes()).toEqual(['two']);
    expect(fake.calls).toEqual(['prepare one', 'prepare two', `release one ${domain('one').uuid} after `]);
  });
  it('leaves nothing of one that cannot be had', async () => {
    await expect(labels.takeLabel(domain('bad', DYNAMIC))).rejects.toThrow('no');
    expect(notes.labelNotes()).toEqual([]);
  });
  it('does nothing for a container without one', async () => {
    expect(await labels.takeLabel(domain('vm1'))).toBeUndefined();
    expect(fs.existsSync(store.at('run'))).toBe(true); // the store was locked for a look
    expect(notes.labelNotes()).toEqual([]);
  });
});

describe('releaseLeftLabels()', () => {
  it('takes those of domains that are off, but for those that somebody is busy with', async () => {
    const { lockDomain } = await import('../../../src/store/lock.ts');
    for (const name of ['dead', 'starting', 'own']) await labels.takeLabel(domain(name, DYNAMIC));
    fake.calls.length = 0;
    {
      using _starting = lockDomain('starting');
      using _own = lockDomain('own');
      await labels.releaseLeftLabels('own');
    }
    expect(notes.labelNotes()).toEqual(['starting']);
    expect(fake.calls.map((call) => call.split(' ').slice(0, 2).join(' ')).sort()).toEqual(['release dead', 'release own']);
  });
  it('forgets a note that is damaged', async () => {
    fs.mkdirSync(store.at('run/libvirt/lxc/labels'), { recursive: true });
    fs.writeFileSync(store.at('run/libvirt/lxc/labels/dead.sec'), '{"domain"');
    await labels.releaseLeftLabels();
    expect(notes.labelNotes()).toEqual([]);
  });
});

describe('withLabel()', () => {
  it('puts it in the place of what the definition says', () => {
    const other: Seclabel = { type: 'static', model: 'dac', label: '1:1' };
    const chosen: Seclabel = { ...DYNAMIC, label: 'l' };
    const seclabels = (...given: Seclabel[]) => labels.withLabel(domain('vm1', ...given), chosen).seclabels;
    expect(seclabels(DYNAMIC, other)).toEqual([chosen, other]);
    expect(seclabels(other)).toEqual([other, chosen]);
  });
});
