// The bytes of a record as libaudit makes them: what of a text its readers could take for something else, and what it adds. Pure.

/** Longer messages are cut off (libaudit.h). */
const MAX_MESSAGE_BYTES = 8970 - 1;

/** Blanks, control characters, quotes, and whatever is no ASCII. */
const ODD = /[^!#-~]/;

/** The value in quotes, or its bytes in hexadecimal where a reader could take it for the end, or for another field (audit_encode_value(3)). */
export function encodeValue(value: string): string {
  return ODD.test(value) ? Buffer.from(value).toString('hex').toUpperCase() : `"${value}"`;
}

/** audit_encode_nv_string(3); `?` for what is not known. */
export const encodeField = (key: string, value: string | undefined): string => `${key}=${encodeValue(value ?? '?')}`;

/** A value that libvirt writes as it is. Differs from libvirt: one that a reader could misread is encoded. */
export const bareValue = (value: string | undefined): string => (value === undefined ? '?' : ODD.test(value) ? encodeValue(value) : value);

/** Who writes, as the audit log tells it. */
export interface Writer {
  /** The program's file; undefined: not known. */
  exe: string | undefined;
  /** Without /dev/; undefined: none. */
  terminal: string | undefined;
}

/** What follows the header of the message that goes to the kernel: audit_log_user_message(3), padded as netlink wants it. */
export function messageBytes(text: string, success: boolean, { exe, terminal }: Writer): Buffer {
  const whole = `${text} exe=${encodeValue(exe ?? '?')} hostname=? addr=? terminal=${terminal ?? '?'} res=${success ? 'success' : 'failed'}`;
  const bytes = Buffer.from(whole).subarray(0, MAX_MESSAGE_BYTES);
  const padded = Buffer.alloc((bytes.length + 1 + 3) & ~3);
  bytes.copy(padded);
  return padded;
}
