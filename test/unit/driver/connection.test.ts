import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let connection: typeof import('../../../src/driver/connection.ts');
beforeEach(async () => {
  store = tempStore();
  vi.stubEnv('LIBVIRT_DEFAULT_URI', '');
  connection = await import('../../../src/driver/connection.ts');
});
afterEach(() => store.remove());

const open = (uri?: string, readonly = false) => connection.openConnection(uri, { readonly });
const configure = (text: string): void => {
  fs.mkdirSync(path.dirname(store.at('etc/libvirt/libvirt.conf')), { recursive: true });
  fs.writeFileSync(store.at('etc/libvirt/libvirt.conf'), text);
};
/** Message of what opening throws, or the URI that is opened. */
const outcome = (uri?: string): string => {
  try {
    return open(uri).uri;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('openConnection()', () => {
  it.each([
    ['lxc:', 'lxc://'],
    ['lxc:/', 'lxc:///'],
    ['lxc:///%73ystem', 'lxc:///system'],
  ])('opens %s as %s', (uri, opened) => {
    expect(open(uri).uri).toBe(opened);
  });

  it.each(['lxc:///', 'lxc:///system', 'lxc://', 'lxc:///?name=x', 'lxc:///system?x=1#f'])('opens %s as it is written', (uri) => {
    expect(open(uri)).toEqual({ uri, readonly: false, autodestroyed: [] });
    expect(open(uri, true)).toEqual({ uri, readonly: true, autodestroyed: [] });
  });

  it('gives each connection domains of its own to end', () => {
    const [one, other] = [open('lxc:///'), open('lxc:///')];
    expect(one.autodestroyed).not.toBe(other.autodestroyed);
  });

  it.each([
    ['qemu:///system', 'no connection driver available for qemu:///system'],
    ['LXC:///', 'no connection driver available for LXC:///'],
    ['lxc+ssh://host/', 'no connection driver available for lxc+ssh://host/'],
    ['lxc://host/', 'no connection driver available for lxc://host/'],
    ['lxc:///session', "internal error: Unexpected LXC URI path '/session', try lxc:///system"],
    ['lxc:///system/', "internal error: Unexpected LXC URI path '/system/', try lxc:///system"],
    ['no uri', 'internal error: Unable to parse URI no uri'],
    ['lxc:/// ', 'internal error: Unable to parse URI lxc:/// '],
    ['lxc:///%zz', 'internal error: Unable to parse URI lxc:///%zz'],
    ['1:x', 'internal error: Unable to parse URI 1:x'],
    ['word', "no connection driver available for URI 'word' does not include a driver name"],
    ['/path?x:y', "no connection driver available for URI '/path?x:y' does not include a driver name"],
    [':', 'internal error: Unable to parse URI :'],
  ])('refuses %s', (uri, message) => {
    expect(outcome(uri)).toBe(message);
  });

  it('opens lxc:/// where nothing is said', () => {
    expect([open().uri, open('').uri]).toEqual(['lxc:///', 'lxc:///']);
  });

  it('does not blame the caller for a default', () => {
    vi.stubEnv('LIBVIRT_DEFAULT_URI', 'word');
    expect(outcome()).toBe("no connection driver available for URI '(null)' does not include a driver name");
  });

  it('opens what libvirt.conf says before that, what the environment says before this, what is asked for before all', () => {
    configure(`# uri_default = "lxc:///no"\n uri_default = "lxc:///system"\n`);
    const said = [outcome()];
    vi.stubEnv('LIBVIRT_DEFAULT_URI', 'lxc://');
    said.push(outcome(), outcome('lxc:///'));
    expect(said).toEqual(['lxc:///system', 'lxc://', 'lxc:///']);
  });

  it.each(['qemu:///system', 'qemu+ssh://host/system', 'test:///default', 'xen:///', 'lxc+ssh://host/', 'lxc://host/'])(
    'says what named a driver of libvirt that is not here: %s',
    (uri) => {
      const says = (from: string) => `no connection driver available for ${uri} (from ${from}: change that, or say -c lxc:///)`;
      configure(`uri_default = "${uri}"\n`);
      const said = [outcome()];
      vi.stubEnv('LIBVIRT_DEFAULT_URI', uri);
      said.push(outcome(), outcome(uri));
      expect(said).toEqual([
        says(`uri_default in ${store.at('etc/libvirt/libvirt.conf')}`),
        says('LIBVIRT_DEFAULT_URI'),
        `no connection driver available for ${uri}`,
      ]);
      expect(() => connection.openConnection(uri, { readonly: false, origin: 'VIRSH_DEFAULT_CONNECT_URI' })).toThrow(
        says('VIRSH_DEFAULT_CONNECT_URI'),
      );
    },
  );

  it('says no more than libvirt of what is no driver at all', () => {
    vi.stubEnv('LIBVIRT_DEFAULT_URI', 'bogus:///');
    expect(outcome()).toBe('no connection driver available for bogus:///');
  });

  it('knows the aliases of libvirt.conf, also for the default', () => {
    configure(`uri_aliases = [\n  "here=lxc:///system",\n  "far=lxc://host/",\n]\nuri_default = "here"\n`);
    expect([outcome('here'), outcome('far'), outcome('nowhere'), outcome()]).toEqual([
      'lxc:///system',
      'no connection driver available for lxc://host/',
      "no connection driver available for URI 'nowhere' does not include a driver name",
      'lxc:///system',
    ]);
  });
});

describe('requireWritable()', () => {
  it('refuses a read-only connection by the name of the function', () => {
    connection.requireWritable(open(), 'virDomainCreate');
    expect(() => connection.requireWritable(open(undefined, true), 'virDomainCreate')).toThrow(
      'operation forbidden: read only access prevents virDomainCreate',
    );
  });
});
