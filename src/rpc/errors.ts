// Errors as libvirt's protocol has them: a number for what is wrong, one for the part of libvirt that says so, and the words.

import { asLibvirtError, ERROR_CODES } from '../errors.ts';
import { domain, network } from './types.ts';
import { int, optional, string, struct, type ValueOf } from './xdr.ts';

export const wireError = struct({
  code: int,
  domain: int,
  message: optional(string),
  level: int,
  dom: optional(domain),
  str1: optional(string),
  str2: optional(string),
  str3: optional(string),
  int1: int,
  int2: int,
  net: optional(network),
});
export type WireError = ValueOf<typeof wireError>;

/** Parts of libvirt (virErrorDomain). */
export const ORIGIN = { rpc: 7, lxc: 17, network: 19 } as const;

const LEVEL_ERROR = 2;
/** VIR_ERR_RPC: what is wrong is the conversation itself. */
const RPC_ERROR = 39;

/** What `error` is to a client. Whatever was thrown, it gets words. */
export function toWire(error: unknown, origin: number): WireError {
  const { code, message, cause } = asLibvirtError(error);
  const { number, prefix } = ERROR_CODES[code];
  const detail = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return {
    ...anyError(number, origin, message),
    str1: `${prefix}%s`,
    str2: detail,
    int1: typeof cause === 'number' ? cause : -1,
  };
}

/** What is no call that there is. */
export const protocolError = (message: string): WireError => anyError(RPC_ERROR, ORIGIN.rpc, message);

const anyError = (code: number, origin: number, message: string): WireError => ({
  code,
  domain: origin,
  message,
  level: LEVEL_ERROR,
  dom: undefined,
  str1: message,
  str2: undefined,
  str3: undefined,
  int1: -1,
  int2: -1,
  net: undefined,
});
