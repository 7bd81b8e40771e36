import { expect, it } from 'vitest';
import { fuseConnections } from '../../../src/host/fuse-connections.ts';

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
