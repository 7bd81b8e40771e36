// Where everybody may connect, nobody takes all the connections that a service manager lets in.

import fs from 'node:fs';
import { LOCK_EX, LOCK_NB } from '../../lib-native/constants.ts';
import { linux } from '../../lib-native/linux.ts';
import { libvirtError, systemError } from '../errors.ts';
import { paths } from '../store/paths.ts';

/** So many connections of one user who is not root. The units of src/systemd let in four times as many. */
const SEATS = 32;

/** Takes a seat of whoever connected the socket; it goes with this process. Throws OPERATION_DENIED where all of them are taken. */
export function takeSeat(socket: number): void {
  const uid = linux.peerUid(socket);
  if (uid <= 0) return; // root's, or no socket of a user at all
  for (let seat = 0; seat < SEATS; seat++) {
    const fd = openSeat(`${uid}.${seat}`);
    if (linux.flock(fd, LOCK_EX | LOCK_NB) >= 0) return;
    fs.closeSync(fd);
  }
  throw libvirtError('OPERATION_DENIED', `user ${uid} has ${SEATS} connections already`);
}

function openSeat(name: string): number {
  try {
    fs.mkdirSync(paths.seats, { recursive: true, mode: 0o700 });
    return fs.openSync(`${paths.seats}/${name}`, 'a', 0o600);
  } catch (error) {
    throw systemError(`cannot open '${paths.seats}/${name}'`, error);
  }
}
