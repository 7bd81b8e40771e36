// Loop devices for <filesystem type='file'> (loop(4)).
import fs from 'node:fs';
import {
  AT_FDCWD,
  EBUSY,
  LO_FLAGS_AUTOCLEAR,
  LO_FLAGS_READ_ONLY,
  LOOP_CONFIGURE,
  LOOP_CTL_GET_FREE,
  O_CLOEXEC,
  O_RDONLY,
  O_RDWR,
} from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

export interface LoopDevice {
  path: string;
  /** Keeps the device bound until a mount does; the caller closes it. */
  fd: number;
}

/** Binds `file` to a free loop device that the kernel frees with its last user. Throws SYSTEM_ERROR. */
export function attachLoop(file: string, readonly: boolean): LoopDevice {
  const mode = (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC;
  const backing = linux.open(file, mode);
  if (backing < 0) throw systemError(`Unable to open ${file}`, -backing);
  const control = linux.open('/dev/loop-control', O_RDWR | O_CLOEXEC);
  try {
    if (control < 0) throw systemError('Unable to open /dev/loop-control', -control);
    for (;;) {
      const index = linux.ioctlValue(control, LOOP_CTL_GET_FREE, 0);
      if (index < 0) throw systemError('Unable to get free loop device via ioctl', -index);
      const path = `/dev/loop${index}`;
      if (!fs.existsSync(path)) linux.mknodat(AT_FDCWD, path, 0o60660, BigInt((7 << 8) | (index & 0xff)));
      const fd = linux.open(path, mode);
      if (fd < 0) throw systemError(`Unable to open ${path}`, -fd);
      const config = Buffer.alloc(304); // struct loop_config: fd, block size, struct loop_info64 at 8, whose flags are at 52
      config.writeUInt32LE(backing, 0);
      config.writeUInt32LE(LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0), 8 + 52);
      const configured = linux.ioctl(fd, LOOP_CONFIGURE, config);
      if (configured >= 0) return { path, fd };
      linux.close(fd);
      if (configured !== -EBUSY) throw systemError(`Unable to attach ${file} to loop device`, -configured); // EBUSY: another start took it
    }
  } finally {
    linux.close(backing);
    if (control >= 0) linux.close(control);
  }
}
