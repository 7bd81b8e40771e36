// Tells a service manager how a service of type notify is (sd_notify(3)).
import process from 'node:process';
import { MSG_NOSIGNAL } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** `READY=1`, say. Nothing where nobody wants to know; a manager that does not listen is no reason to fail. */
export function notifyServiceManager(text: string): void {
  const path = process.env['NOTIFY_SOCKET'];
  if (!path || !/^[/@]./.test(path)) return;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  // A name of the abstract namespace has no terminating zero (unix(7)).
  const address = Buffer.concat([family, Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`)]);
  const socket = linux.socket(AF_UNIX, SOCK_DGRAM, 0);
  if (socket < 0) return;
  if (linux.connect(socket, address) >= 0) linux.send(socket, Buffer.from(text), MSG_NOSIGNAL);
  linux.close(socket);
}
