// What many procedures of libvirt's protocol say: domains, networks, parameters with types. Pure.

import { bytesOfUuid, uuidOfBytes } from '../values/uuid.ts';
import { array, double, hyper, int, string, struct, type Type, uhyper, uint, union, type ValueOf } from './xdr.ts';

/** As text. */
export const uuid: Type<string> = {
  least: 16,
  read: (from) => uuidOfBytes(from.opaque(16)),
  write: (to, value) => to.opaque(bytesOfUuid(value)),
};

/** -1: it is off. */
export const domain = struct({ name: string, uuid, id: int });
export type WireDomain = ValueOf<typeof domain>;

export const network = struct({ name: string, uuid });
export type WireNetwork = ValueOf<typeof network>;

export const networkPort = struct({ network, uuid });

const untilNul = (bytes: number[]): string => Buffer.from(bytes).toString('utf8').replace(/\0.*/s, '');

/** Text that is sent as one number for each of its bytes. */
export const characters = (most: number): Type<string> => ({
  least: 4,
  read: (from) => untilNul(Array.from({ length: from.count(most, 4) }, () => from.int() & 0xff)),
  write: (to, value) => {
    const text = Buffer.from(`${value}\0`);
    to.uint(text.length);
    for (const byte of text) to.int(byte);
  },
});

export type TypedValue =
  | { kind: 'int' | 'uint' | 'double' | 'boolean'; value: number }
  | { kind: 'llong' | 'ullong'; value: bigint }
  | { kind: 'string'; value: string };

export const typedValue = union<TypedValue>({
  1: ['int', int],
  2: ['uint', uint],
  3: ['llong', hyper],
  4: ['ullong', uhyper],
  5: ['double', double],
  6: ['boolean', int],
  7: ['string', string],
});

export const typedParameter = struct({ field: string, value: typedValue });
export type TypedParameter = ValueOf<typeof typedParameter>;

/** How many there may be of one kind, each list's length being libvirt's. */
export const parameters = (most: number) => array(typedParameter, most);

export const fixedText = (length: number): Type<string> => ({
  least: 4 * length,
  read: (from) => untilNul(Array.from({ length }, () => from.int() & 0xff)),
  write: (to, value) => {
    const text = Buffer.from(value);
    for (let at = 0; at < length; at++) to.int(at < length - 1 ? (text[at] ?? 0) : 0);
  },
});

/** The most that lists may have, as libvirt's clients check it. */
export const DOMAIN_LIST_MAX = 16384;
export const NETWORK_LIST_MAX = 16384;

export const domains = array(domain, DOMAIN_LIST_MAX);
export const names = array(string, DOMAIN_LIST_MAX);
