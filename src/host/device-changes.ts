// The kernel's word that devices of the host have come or gone (netlink(7), NETLINK_KOBJECT_UEVENT). It is a hint to look: what there is
// says sysfs, so whoever sends us such messages can make us look, and no more.
import { AF_NETLINK, EINTR, ENOBUFS, MSG_DONTWAIT, NETLINK_KOBJECT_UEVENT, SOCK_RAW } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { systemError } from '../errors.ts';

/** The kernel's own messages, not udev's. */
const KERNELS_GROUP = 1;
/** One message: `ACTION@PATH`, then `KEY=VALUE`, each with a zero byte at its end. */
const MESSAGE_BYTES = 4096;
const MOST = 4096;
/** Queues of interfaces and the like are told of, too. */
const OF_DEVICES = /^(?:add|remove|move)@.*\0SUBSYSTEM=(?:net|block|pci)\0/s;

export class DeviceChanges implements Disposable {
  /** Can be read when there is a change. */
  readonly fd: number;

  /** Throws SYSTEM_ERROR. */
  constructor() {
    this.fd = linux.socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
    if (this.fd < 0) throw systemError('cannot listen to changes of devices', -this.fd);
    const address = Buffer.alloc(12); // struct sockaddr_nl
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(KERNELS_GROUP, 8);
    const bound = linux.bind(this.fd, address);
    if (bound >= 0) return;
    linux.close(this.fd);
    throw systemError('cannot listen to changes of devices', -bound);
  }

  /** True if there were any since the last call, of PCI, disks or interfaces; or if some did not find room. */
  taken(): boolean {
    const message = Buffer.alloc(MESSAGE_BYTES);
    let any = false;
    // What is left is for the next call.
    for (let count = 0; count < MOST; count++) {
      const got = linux.recv(this.fd, message, MSG_DONTWAIT);
      if (got < 0 && got !== -ENOBUFS && got !== -EINTR) break;
      any ||= got < 0 || OF_DEVICES.test(message.toString('latin1', 0, got));
    }
    return any;
  }

  [Symbol.dispose](): void {
    linux.close(this.fd);
  }
}
