// The kernel's audit (linux/audit.h), spoken to by netlink(7) as libaudit does.
import fs from 'node:fs';
import { EAFNOSUPPORT, ECONNREFUSED, EINVAL, EPROTONOSUPPORT, NETLINK_AUDIT } from '../../../lib-native/constants.ts';
import { LibvirtError, systemError } from '../../errors.ts';
import { type NetlinkSocket, openNetlinkSocket } from '../../host/netlink/rtnetlink.ts';
import { terminalName } from '../../host/terminal.ts';
import { messageBytes, type Writer } from './encoding.ts';
import { type AuditRecord, RECORD_TYPES } from './records.ts';

const AUDIT_GET = 1000;
/** struct audit_status: a mask, then whether it is on. */
const ENABLED_AT = 4;

/** A kernel that has no audit says one of these (audit_open(3)). */
const NO_AUDIT: readonly unknown[] = [EINVAL, EPROTONOSUPPORT, EAFNOSUPPORT];

/** undefined: this kernel has no audit. Throws SYSTEM_ERROR. */
function openAudit(): NetlinkSocket | undefined {
  try {
    return openNetlinkSocket(NETLINK_AUDIT);
  } catch (error) {
    if (error instanceof LibvirtError && NO_AUDIT.includes(error.cause)) return undefined;
    throw error;
  }
}

/** Whether the kernel keeps records. False also for who is in a user namespace of its own: to such the kernel has none. */
export function isAuditOn(): boolean {
  using audit = openAudit();
  const answer = audit?.get(AUDIT_GET, []);
  if (answer === undefined) return false;
  if (Buffer.isBuffer(answer)) return answer.readUInt32LE(ENABLED_AT) !== 0;
  return answer.errno !== ECONNREFUSED; // one who may not ask may be allowed to write
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
