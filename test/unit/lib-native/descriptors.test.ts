// Descriptors that go from one process to another by a socket (SCM_RIGHTS).
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EAGAIN, MSG_DONTWAIT, MSG_NOSIGNAL } from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';

let pair: [number, number];
const opened: number[] = [];
beforeEach(() => {
  pair = linux.socketpair() as [number, number];
});
afterEach(() => {
  for (const fd of [...pair, ...opened.splice(0)]) linux.close(fd);
});

const receive = (size: number) => {
  const data = Buffer.alloc(size);
  const got = linux.recvWithFds(pair[1], data, MSG_DONTWAIT);
  if (typeof got === 'number') return got;
  opened.push(...got.fds);
  return { text: data.toString('latin1', 0, got.bytes), files: got.fds.map((fd) => fs.readlinkSync(`/proc/self/fd/${fd}`)) };
};
const isInherited = (fd: number) => !/^flags:\s*0?2\d{6}$/m.test(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
const open = (file: string) => {
  const fd = fs.openSync(file, 'r');
  opened.push(fd);
  return fd;
};

it('descriptors come with the bytes that they were sent with, in their order', () => {
  const [nothing, zero] = [open('/dev/null'), open('/dev/zero')];
  expect(linux.sendWithFds(pair[0], Buffer.from('ab'), [], MSG_NOSIGNAL)).toBe(2);
  expect(linux.sendWithFds(pair[0], Buffer.from('c'), [zero], MSG_NOSIGNAL)).toBe(1);
  expect(linux.sendWithFds(pair[0], Buffer.from('de'), [nothing, zero, nothing], MSG_NOSIGNAL)).toBe(2);
  // What is read ends at the first byte that brings descriptors, or with it.
  const pieces = [receive(100), receive(100), receive(100)].filter((piece) => typeof piece === 'object');
  expect(pieces.map(({ text }) => text).join('')).toBe('abcde');
  expect(pieces.flatMap(({ files }) => files)).toEqual(['/dev/zero', '/dev/null', '/dev/zero', '/dev/null']);
  expect(receive(100)).toBe(-EAGAIN);
});

it('descriptors that come are not inherited by programs', () => {
  linux.sendWithFds(pair[0], Buffer.from('c'), [open('/dev/null')], MSG_NOSIGNAL);
  receive(1);
  expect(isInherited(opened.at(-1)!)).toBe(false);
});

it('as many come as one message may have', () => {
  const fds = Array.from({ length: 253 }, () => open('/dev/null'));
  expect(linux.sendWithFds(pair[0], Buffer.from('c'), fds, MSG_NOSIGNAL)).toBe(1);
  expect(receive(1)).toEqual({ text: 'c', files: fds.map(() => '/dev/null') });
});

it('the end of the other side is no bytes', () => {
  linux.close(pair[0]);
  expect(receive(10)).toEqual({ text: '', files: [] });
  pair[0] = linux.open('/dev/null', 0);
});
