// Who is logged in, as utmp(5) has it. Pure.

export interface Login {
  user: string;
  /** Milliseconds since 1970. */
  sinceMs: number;
}

const RECORD_BYTES = 384;
const USER_PROCESS = 7;
const USER = { at: 44, bytes: 32 };
const SECONDS_AT = 340;
const MICROSECONDS_AT = 344;

/** Each user once, with the earliest of the logins that last, in the order of the file. */
export function parseUtmp(bytes: Buffer): Login[] {
  const logins = new Map<string, number>();
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    if (bytes.readInt16LE(at) !== USER_PROCESS) continue;
    const name = bytes.subarray(at + USER.at, at + USER.at + USER.bytes);
    const end = name.indexOf(0);
    const user = name.toString('utf8', 0, end < 0 ? name.length : end);
    const sinceMs = bytes.readUInt32LE(at + SECONDS_AT) * 1000 + Math.floor(bytes.readUInt32LE(at + MICROSECONDS_AT) / 1000);
    if (user !== '') logins.set(user, Math.min(sinceMs, logins.get(user) ?? sinceMs));
  }
  return [...logins].map(([user, sinceMs]) => ({ user, sinceMs }));
}
