// What libvirt's own virsh asks beyond the cases of the conformance suite; the answers are libvirt's.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

suite('libvirt’s own virsh', ['root', 'built', 'libvirt_clients'], () => {
  const virsh = useVirsh();

  it('hears that there is nothing of other drivers', async () => {
    using server = await WireServer.listen(virsh);
    expect(server.virsh('secret-event', '--event', 'lifecycle', '--timeout', '1').stdout).toBe(
      'event loop timed out\nevents received: 0\n\n',
    );
    expect(server.virsh('nwfilter-binding-dumpxml', 'x').stderr).toBe(
      "error: failed to get nwfilter binding 'x'\nerror: Network filter binding not found: no nwfilter binding for port dev 'x'\n",
    );
    for (const [type, detail] of [
      ['dir', "this function is not supported by the connection driver: pool type 'dir' does not support source discovery"],
      ['bogus', 'internal error: unknown storage pool type bogus'],
    ] as const)
      expect(server.virsh('find-storage-pool-sources-as', type).stderr).toBe(
        `error: Failed to find any ${type} pool sources\nerror: ${detail}\n`,
      );
  });

  it('hears of a processor that is not there when it asks for its times', async () => {
    using server = await WireServer.listen(virsh);
    expect(server.virsh('nodecpustats', '99999').stderr).toBe(
      'error: Unable to get node cpu stats\nerror: Invalid cpuNum in virHostCPUGetStatsLinux\n',
    );
  });

  it('makes no volume of a kind that cannot be as it is to be', async () => {
    using server = await WireServer.listen(virsh);
    const directory = virsh.path('pool');
    fs.mkdirSync(directory);
    server.virsh('pool-create-as', 'p', 'dir', '--target', directory);
    server.virsh('vol-create-as', 'p', 'base', '1M');
    const create = (...words: string[]) => server.virsh('vol-create-as', 'p', 'v', '1M', ...words).stderr.split('\n')[1];
    expect(create('--prealloc-metadata')).toBe('error: unsupported configuration: metadata preallocation is not supported for raw volumes');
    const unsupported = 'error: this function is not supported by the connection driver: backing storage not supported for';
    expect(create('--backing-vol', 'base')).toBe(`${unsupported} raw volumes`);
    expect(create('--backing-vol', 'base', '--format', 'dir')).toBe(`${unsupported} directories volumes`);
    expect(fs.readdirSync(directory)).toEqual(['base']);
  });

  it('sees an application’s element with the names of its namespace but the first', async () => {
    const name = virsh.define();
    using server = await WireServer.listen(virsh);
    const get = (xml: string): string => {
      server.virsh('metadata', name, 'urn:x', '--key', 'k', '--set', xml);
      return server.virsh('metadata', name, 'urn:x').stdout;
    };
    expect(get('<b/>')).toBe('<b/>\n\n');
    expect(get('<?xml version="1.0"?>\n<a/>')).toBe('<a/>\n\n');
    expect(get('<a xmlns="urn:x"/>')).toBe('<a xmlns:k="urn:x"/>\n\n');
    expect(get('<j:a xmlns:j="urn:x"/>')).toBe('<a xmlns:k="urn:x"/>\n\n');
  });
});
