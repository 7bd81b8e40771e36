// The kernel's audit (linux/audit.h), spoken to by netlink(7) as libaudit does.
import fs from 'node:fs';
import {
  AF_NETLINK,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EINVAL,
  EPROTONOSUPPORT,
  ETIMEDOUT,
  NETLINK_AUDIT,
  SOCK_RAW,
} from '../../../lib-native/constants.ts';
import { linux } from '../../../lib-native/linux.ts';
import { readable } from '../../../lib-native/readable.ts';
import { LibvirtError, systemError } from '../../errors.ts';
import { decodeAcknowledgement, decodeMessages, encodeMessage, NLM_F_REQUEST, NLMSG_ERROR } from '../../host/netlink/message.ts';
import { type NetlinkSocket, openNetlinkSocket } from '../../host/netlink/rtnetlink.ts';
import { terminalName } from '../../host/terminal.ts';
import { messageBytes, type Writer } from './encoding.ts';
import { type AuditRecord, RECORD_TYPES } from './records.ts';

const AUDIT_GET = 1000;
/** struct audit_status: a mask, then whether it is on. */
const ENABLED_AT = 4;

/** A kernel that has no audit says one of these (audit_open(3)). */
const NO_AUDIT: readonly unknown[] = [EINVAL, EPROTONOSUPPORT, EAFNOSUPPORT];

/** The kernel answers by a thread that it makes for that. */
const ANSWER_TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 512;

/**
 * Whether the kernel keeps records. False also for who is in a user namespace of its own: to such the kernel has none.
 * Every start asks this, so it is done by the few calls that it takes. Throws SYSTEM_ERROR.
 */
export function isAuditOn(): boolean {
  const fd = linux.socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  if (fd < 0 && NO_AUDIT.includes(-fd)) return false;
  if (fd < 0) throw systemError('cannot connect to the audit system', -fd);
  try {
    const answer = Buffer.alloc(ANSWER_BYTES);
    const sent = linux.send(fd, encodeMessage(AUDIT_GET, NLM_F_REQUEST, 1, []), 0);
    if (sent >= 0 && !readable(fd, ANSWER_TIMEOUT_MS)) throw systemError('no answer of the audit system', ETIMEDOUT);
    const length = sent < 0 ? sent : linux.recv(fd, answer, 0);
    if (length < 0) throw systemError('cannot ask the audit system', -length);
    return tellsOn(answer.subarray(0, length));
  } finally {
    linux.close(fd);
  }
}

/** What the kernel answers to AUDIT_GET. */
export function tellsOn(answer: Buffer): boolean {
  const [message] = decodeMessages(answer);
  if (message?.type === AUDIT_GET) return message.payload.readUInt32LE(ENABLED_AT) !== 0;
  // Who may not ask may be allowed to write.
  return message?.type === NLMSG_ERROR && decodeAcknowledgement(message).errno !== ECONNREFUSED;
}

/** undefined: this kernel has no audit. Throws SYSTEM_ERROR. */
function openAudit(): NetlinkSocket | undefined {
  try {
    return openNetlinkSocket(NETLINK_AUDIT);
  } catch (error) {
    if (error instanceof LibvirtError && NO_AUDIT.includes(error.cause)) return undefined;
    throw error;
  }
}

/** Gives them to the kernel, each acknowledged before the next. Throws SYSTEM_ERROR for the first that it does not take. */
export function sendRecords(records: readonly AuditRecord[], open = openAudit): void {
  using audit = open();
  if (!audit) return;
  const writer = { exe: ownProgram(), terminal: ownTerminal() };
  for (const record of records) sendRecord(audit, record, writer);
}

function sendRecord(audit: NetlinkSocket, { type, text, success }: AuditRecord, writer: Writer): void {
  const { errno } = audit.request(RECORD_TYPES[type], 0, [messageBytes(text, success, writer)]);
  if (errno !== 0) throw systemError(`Failed to send audit message ${text}`, errno);
}

function ownProgram(): string | undefined {
  try {
    return fs.readlinkSync('/proc/self/exe');
  } catch {
    return undefined;
  }
}

/** libaudit has room for so many bytes, and looks no further. */
const MAX_TERMINAL_BYTES = 31;

/** The first terminal among the standard files, without /dev/. */
function ownTerminal(): string | undefined {
  const name = [0, 1, 2].map(terminalName).find((one) => one !== undefined && Buffer.byteLength(one) <= MAX_TERMINAL_BYTES);
  return name?.replace(/^\/dev\//, '');
}
