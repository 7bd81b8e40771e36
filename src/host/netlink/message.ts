// The bytes of netlink messages (linux/netlink.h, netlink(7)): headers, attributes and acknowledgements. Pure.
// Netlink speaks the machine's byte order; the architectures this program is built for are little-endian.

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
const NLA_F_NESTED = 0x8000;
/** The type of an attribute, without the two flags above it. */
const TYPE_BITS = 0x3fff;

export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  /** What follows the header; shares the received buffer. */
  payload: Buffer;
}

const aligned = (length: number): number => (length + 3) & ~3;

/** One message: header and `parts`, which must each be padded to four bytes (attributes are). */
export function encodeMessage(type: number, flags: number, sequence: number, parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const message = Buffer.concat([header, ...parts]);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence, 8);
  return message;
}

/** One attribute with its header, padded. */
export function attribute(type: number, value: Buffer): Buffer {
  const buffer = Buffer.alloc(aligned(ATTRIBUTE_HEADER_BYTES + value.length));
  buffer.writeUInt16LE(ATTRIBUTE_HEADER_BYTES + value.length, 0);
  buffer.writeUInt16LE(type, 2);
  value.copy(buffer, ATTRIBUTE_HEADER_BYTES);
  return buffer;
}

export function u8Attribute(type: number, value: number): Buffer {
  return attribute(type, Buffer.of(value));
}

export function u32Attribute(type: number, value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return attribute(type, buffer);
}

export function u64Attribute(type: number, value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return attribute(type, buffer);
}

/** A string with the NUL that the kernel wants after names. */
export function stringAttribute(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

/** An attribute made of attributes. */
export function nestedAttribute(type: number, children: readonly Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(children));
}

/** An attribute made of attributes, without the flag saying so: the older families (tc, veth's peer) refuse or ignore it. */
export function plainNest(type: number, children: readonly Buffer[]): Buffer {
  return attribute(type, Buffer.concat(children));
}

/** The messages of one datagram. A message that claims more than is there ends the list. */
export function decodeMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(offset);
    if (length < HEADER_BYTES || offset + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      payload: datagram.subarray(offset + HEADER_BYTES, offset + length),
    });
    offset += aligned(length);
  }
  return messages;
}

/** Attributes by type (flag bits removed); of a repeated type the last one stays, as in the kernel. */
export function decodeAttributes(buffer: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let offset = 0; offset + ATTRIBUTE_HEADER_BYTES <= buffer.length; ) {
    const length = buffer.readUInt16LE(offset);
    if (length < ATTRIBUTE_HEADER_BYTES || offset + length > buffer.length) break;
    attributes.set(buffer.readUInt16LE(offset + 2) & TYPE_BITS, buffer.subarray(offset + ATTRIBUTE_HEADER_BYTES, offset + length));
    offset += aligned(length);
  }
  return attributes;
}

/** The text of a NUL-terminated attribute. */
export function decodeString(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

export interface Acknowledgement {
  /** Positive; 0: done as asked. */
  errno: number;
  /** The kernel's own sentence about the failure (extended acknowledgement). */
  explanation?: string;
}

/** The content of an NLMSG_ERROR message, which also acknowledges, or of an NLMSG_DONE one. */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement {
  const { payload, flags, type } = message;
  const errno = payload.length >= 4 ? Math.abs(payload.readInt32LE(0)) : 0;
  if (!(flags & NLM_F_ACK_TLVS)) return { errno };
  // After the error: the header of our request, followed by the rest of it unless that was cut off.
  let start = 4;
  if (type === NLMSG_ERROR) start += flags & NLM_F_CAPPED ? HEADER_BYTES : aligned(payload.readUInt32LE(4));
  const explanation = decodeAttributes(payload.subarray(start)).get(NLMSGERR_ATTR_MSG);
  return explanation ? { errno, explanation: decodeString(explanation) } : { errno };
}

/** Whether a dump was disturbed by a change and must be asked for again. */
export function wasInterrupted(message: NetlinkMessage): boolean {
  return (message.flags & NLM_F_DUMP_INTR) !== 0;
}
