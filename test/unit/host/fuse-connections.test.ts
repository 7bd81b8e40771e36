import { describe, expect, it } from 'vitest';
import { doomedConnections, type FuseFacts, fuseConnections } from '../../../src/host/fuse-connections.ts';

it('fuseConnections() finds FUSE mounts by the number that fusectl has for them', () => {
  const table = [
    '22 1 0:20 / / rw - ext4 /dev/root rw',
    '30 22 0:57 / /mnt rw,nosuid shared:4 master:1 - fuse hang rw,user_id=0',
    '31 22 0:58 / /home rw - fuse.sshfs host:/ rw',
    '32 22 8:3 / /usb rw - fuseblk /dev/sda3 rw',
    '33 22 0:59 / /sys/fs/fuse/connections rw - fusectl none rw',
    '',
  ];
  expect(fuseConnections(table.join('\n'))).toEqual(['57', '58', '8388611']);
});

describe('doomedConnections()', () => {
  const facts = (mounted: string[] = [], served: string[] = [], unnamed = 0): FuseFacts => ({
    mounted: new Set(mounted),
    served: new Set(served),
    unnamed,
  });

  it('are those that the container serves, and those that only it has mounted', () => {
    expect(doomedConnections(facts(['57', '58'], ['60']), facts(['58', '59'], ['61']), [])).toEqual(['60', '57']);
  });

  it('are none that somebody else serves, mounted there or not', () => {
    expect(doomedConnections(facts(['57', '58']), facts([], ['57', '62']), ['62'])).toEqual(['58']);
  });

  it('are those that nobody has mounted only where everybody else who serves has mounted something', () => {
    expect(doomedConnections(facts(), facts(['58'], [], 1), ['57'])).toEqual(['57']);
    expect(doomedConnections(facts(), facts(['58'], [], 2), ['57'])).toEqual([]);
  });
});
