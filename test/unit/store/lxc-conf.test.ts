import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempStore, tempStore } from '../../helpers/temp-store.ts';

let store: TempStore;
let containerVariable: () => string | undefined;
beforeEach(async () => {
  store = tempStore();
  ({ containerVariable } = await import('../../../src/store/lxc-conf.ts'));
});
afterEach(() => store.remove());

function write(text: string): void {
  fs.mkdirSync(store.at('etc/libvirt'), { recursive: true });
  fs.writeFileSync(store.at('etc/libvirt/lxc.conf'), text);
}

describe('containerVariable()', () => {
  it.each([
    ['no file', undefined, undefined],
    ["libvirt's file, in which every key is a comment", '#security_driver = "apparmor"\n#container_variable = "x"\n', undefined],
    ['a word', 'log_with_libvirtd = 1\ncontainer_variable = "lxc-libvirt"\n', 'lxc-libvirt'],
    ['another kind of quotes, a comment', "  container_variable='lxc-libvirt' # systemd\n", 'lxc-libvirt'],
  ])('of %s', (_, text, value) => {
    if (text !== undefined) write(text);
    expect(containerVariable()).toBe(value);
  });
  it.each([
    ['lxc-libvirt', 'configuration file syntax error: FILE:1: expecting a value'],
    ['"a', 'configuration file syntax error: FILE:1: unterminated string'],
    ['"a" b', 'configuration file syntax error: FILE:1: expecting a separator'],
    ['1', "internal error: FILE: expected a string for 'container_variable' parameter"],
  ])('rejects %s', (value, message) => {
    write(`container_variable = ${value}\n`);
    expect(containerVariable).toThrow(message.replace('FILE', store.at('etc/libvirt/lxc.conf')));
  });
});
