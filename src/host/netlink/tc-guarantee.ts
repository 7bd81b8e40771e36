// Guaranteed parts of what is sent into a link whose rate is shared (setBandwidth()): each has a class below that of the whole
// rate, to which a filter sends the frames of one receiver; the class of all others has what is left (tc-htb(8), tc-u32(8)).
// The same arrangement as libvirt makes with tc(8).
//
// Differs from libvirt: frames of all protocols count, not those of IPv4 alone.
import { EEXIST } from '../../../lib-native/constants.ts';
import { attribute, decodeAttributes, NLM_F_CREATE, NLM_F_EXCL, plainNest, stringAttribute, u32Attribute } from './message.ts';
import { explainedError, type RouteSocket } from './rtnetlink.ts';
import {
  addFairQueue,
  ETH_P_ALL_BIG_ENDIAN,
  FRAME_BYTES,
  htbClass,
  type NamedLink,
  NS_PER_TICK,
  RATE_UNIT,
  REST_CLASS,
  ROOT_HANDLE,
  RTM_NEWTCLASS,
  RTM_NEWTFILTER,
  TC_U32_TERMINAL,
  TCA_HTB_CEIL64,
  TCA_HTB_PARMS,
  TCA_HTB_RATE64,
  TCA_KIND,
  TCA_OPTIONS,
  TCA_U32_CLASSID,
  TCA_U32_SEL,
  trafficHeader,
  WHOLE_CLASS,
} from './tc.ts';

const RTM_DELTCLASS = 41;
const RTM_GETTCLASS = 42;
const RTM_DELTFILTER = 45;

/** After what libvirt's own filters have. */
const FILTER_PRIORITY = 2;
/** `800::N`: the only table of the filters, in which N has 12 bits. */
const FILTER_TABLE = 0x80000000;
export const LAST_CLASS = 0xfff;

export interface Guarantee {
  /** From 3 to LAST_CLASS, one for each receiver. */
  classId: number;
  /** The receiver's address. */
  mac: string;
  /** Kilobytes (1000) per second. */
  rate: number;
}

/** Makes a part, or changes its rate. Throws SYSTEM_ERROR. */
export function guarantee(route: RouteSocket, link: NamedLink, { classId, mac, rate }: Guarantee): void {
  const what = `Unable to guarantee a rate on ${link.name}`;
  const whole = listClasses(route, link).find(({ id }) => id === WHOLE_CLASS);
  const bytesPerSecond = rate * RATE_UNIT;
  setClass(route, link, { id: classId, rate: bytesPerSecond, peak: whole?.peak ?? bytesPerSecond, burst: FRAME_BYTES }, what);
  addFairQueue(route, link, { id: classId, parent: ROOT_HANDLE | classId }, what);
  const filter = [
    filterHeader(link, classId),
    stringAttribute(TCA_KIND, 'u32'),
    plainNest(TCA_OPTIONS, [u32Attribute(TCA_U32_CLASSID, ROOT_HANDLE | classId), attribute(TCA_U32_SEL, framesTo(mac))]),
  ];
  const result = route.request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, filter);
  if (result.errno !== 0 && result.errno !== EEXIST) throw explainedError(what, result);
  shareRest(route, link);
}

/** Removes a part; what is not there is fine. */
export function withdrawGuarantee(route: RouteSocket, link: NamedLink, classId: number): void {
  // A class with filters that lead to it stays.
  route.request(RTM_DELTFILTER, 0, [filterHeader(link, classId), stringAttribute(TCA_KIND, 'u32')]);
  route.request(RTM_DELTCLASS, 0, [trafficHeader(link.index, ROOT_HANDLE | classId, 0)]);
  shareRest(route, link);
}

/** Bytes, and bytes per second. */
interface TrafficClass {
  id: number;
  rate: number;
  peak: number;
  burst: number;
}

/** Gives to all others what is left of the highest rate. */
function shareRest(route: RouteSocket, link: NamedLink): void {
  const classes = listClasses(route, link);
  const whole = classes.find(({ id }) => id === WHOLE_CLASS);
  const rest = classes.find(({ id }) => id === REST_CLASS);
  if (!whole || !rest) return;
  const guaranteed = classes.filter(({ id }) => id > REST_CLASS).reduce((sum, { rate }) => sum + rate, 0);
  // A class must have some rate. It may always borrow what the others do not use.
  setClass(route, link, { ...rest, rate: Math.max(RATE_UNIT, whole.peak - guaranteed) }, `Unable to share the rate of ${link.name}`);
}

function setClass(route: RouteSocket, link: NamedLink, { id, rate, peak, burst }: TrafficClass, what: string): void {
  const header = trafficHeader(link.index, ROOT_HANDLE | id, ROOT_HANDLE | WHOLE_CLASS);
  const parts = [header, stringAttribute(TCA_KIND, 'htb'), plainNest(TCA_OPTIONS, htbClass(rate, peak, burst))];
  const result = route.request(RTM_NEWTCLASS, NLM_F_CREATE, parts);
  if (result.errno !== 0) throw explainedError(what, result);
}

function listClasses(route: RouteSocket, link: NamedLink): TrafficClass[] {
  return route.dump(RTM_GETTCLASS, [trafficHeader(link.index, 0, 0)]).flatMap(decodeClass);
}

function decodeClass(payload: Buffer): TrafficClass[] {
  const handle = payload.readUInt32LE(8);
  const options = decodeAttributes(decodeAttributes(payload.subarray(20)).get(TCA_OPTIONS) ?? Buffer.alloc(0));
  const parameters = options.get(TCA_HTB_PARMS); // struct tc_htb_opt
  if (handle >>> 16 !== ROOT_HANDLE >>> 16 || !parameters) return [];
  const rate = Number(options.get(TCA_HTB_RATE64)?.readBigUInt64LE() ?? parameters.readUInt32LE(8));
  const peak = Number(options.get(TCA_HTB_CEIL64)?.readBigUInt64LE() ?? parameters.readUInt32LE(20));
  const burst = Math.round((parameters.readUInt32LE(24) * NS_PER_TICK * rate) / 1e9);
  return [{ id: handle & 0xffff, rate, peak, burst }];
}

function filterHeader(link: NamedLink, classId: number): Buffer {
  return trafficHeader(link.index, FILTER_TABLE | classId, ROOT_HANDLE, (FILTER_PRIORITY << 16) | ETH_P_ALL_BIG_ENDIAN);
}

/** struct tc_u32_sel: the receiver's address is the first that an Ethernet header has, 14 bytes before the packet. */
function framesTo(mac: string): Buffer {
  const address = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const selector = Buffer.alloc(48);
  selector.writeUInt8(TC_U32_TERMINAL, 0);
  selector.writeUInt8(2, 2);
  selector.writeUInt32BE(0x0000ffff, 16);
  address.copy(selector, 22, 0, 2);
  selector.writeInt32LE(-16, 24);
  selector.writeUInt32BE(0xffffffff, 32);
  address.copy(selector, 36, 2, 6);
  selector.writeInt32LE(-12, 40);
  return selector;
}
