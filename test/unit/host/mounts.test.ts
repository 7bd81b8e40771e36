import { describe, expect, it } from 'vitest';
import { mountsWithin } from '../../../src/host/mounts.ts';

const TABLE = `23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
24 23 0:21 / /proc rw - proc proc rw
25 23 0:22 / /srv/old rw - tmpfs none rw
26 23 254:1 /sub /srv/web\\040root rw,nosuid - xfs /dev/vdb rw
27 26 0:23 / /srv/web\\040root/a\\040b rw - overlay overlay rw
28 23 0:24 / /srv/web\\040root2 rw - tmpfs none rw
29 23 0:25 / /srv/old rw - btrfs none rw
`;

describe('mountsWithin()', () => {
  it.each([
    ['/srv/web root', ['/srv/web root xfs', '/srv/web root/a b overlay']],
    ['/srv/web root/a', ['/srv/web root xfs']],
    ['/srv/web root/a b', ['/srv/web root/a b overlay']],
    ['/srv/old/x', ['/srv/old btrfs']],
    ['/home', ['/ ext4']],
    ['/proc', ['/proc proc']],
  ])('tells what a copy of the mounts at %s has in it', (directory, expected) => {
    expect(mountsWithin(TABLE, directory).map(({ mountpoint, type }) => `${mountpoint} ${type}`)).toEqual(expected);
  });

  it('has all of them of the root', () => {
    expect(mountsWithin(TABLE, '/').map(({ mountpoint }) => mountpoint)).toHaveLength(7);
  });
});
