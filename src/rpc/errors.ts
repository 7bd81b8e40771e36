// Errors as libvirt's protocol has them: a number for what is wrong, one for the part of libvirt that says so, and the words.

import { asLibvirtError, ERROR_CODES, ERROR_DOMAINS, type ErrorDriver, errorDomain, libvirtError } from '../errors.ts';
import { domain as namedDomain, network } from './types.ts';
import { int, optional, string, struct, type ValueOf } from './xdr.ts';

export const wireError = struct({
  code: int,
  domain: int,
  message: optional(string),
  level: int,
  dom: optional(namedDomain),
  str1: optional(string),
  str2: optional(string),
  str3: optional(string),
  int1: int,
  int2: int,
  net: optional(network),
});
export type WireError = ValueOf<typeof wireError>;

const LEVEL_ERROR = 2;
/** VIR_ERR_RPC: what is wrong is the conversation itself. */
const RPC_ERROR = 39;

/** What `error` of a call to `driver` is to a client. Whatever was thrown, it gets words. */
export function toWire(error: unknown, driver: ErrorDriver): WireError {
  const failure = asLibvirtError(error);
  const { code, message, cause } = failure;
  const { number, prefix } = ERROR_CODES[code];
  const detail = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return {
    ...anyError(number, ERROR_DOMAINS[errorDomain(failure, driver)], message),
    str1: `${prefix}%s`,
    str2: detail,
    int1: typeof cause === 'number' ? cause : -1,
  };
}

/** The parts that offer other drivers' functions (virErrorDomain), by how those are called. */
const OTHERS: readonly [RegExp, number][] = [
  [/^vir(?:Connect\w*)?Network/, ERROR_DOMAINS.network],
  [/Storage(?:Pool|Vol)/, ERROR_DOMAINS.storage],
  [/NodeDevice/, ERROR_DOMAINS.nodedev],
  [/^virInterface|ConnectListAllInterfaces|Connect\w*Interfaces$/, ERROR_DOMAINS.interface],
  [/Secret/, ERROR_DOMAINS.secret],
  [/NWFilter/, ERROR_DOMAINS.nwfilter],
  [/^virDomain\w*(?:Snapshot)/, 35],
];

/** What a function that the driver does not have ends in. */
export function refusal(api: string): WireError {
  const error = toWire(libvirtError('NO_SUPPORT', api), 'lxc');
  return { ...error, domain: OTHERS.find(([name]) => name.test(api))?.[1] ?? error.domain };
}

/** What is no call that there is. */
export const protocolError = (message: string): WireError => anyError(RPC_ERROR, ERROR_DOMAINS.rpc, message);

const anyError = (code: number, domain: number, message: string): WireError => ({
  code,
  domain,
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
