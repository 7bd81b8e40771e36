// Traffic limits of a link: what it sends is shaped by an HTB class, what it receives is policed (linux/pkt_sched.h,
// linux/pkt_cls.h; tc-htb(8), tc-u32(8)). The same arrangement as libvirt makes with tc(8).
import { EEXIST, ENOENT } from '../../../lib-native/constants.ts';
import type { BandwidthRate } from '../../domain/definition.ts';
import { attribute, NLM_F_CREATE, NLM_F_EXCL, plainNest, stringAttribute, u32Attribute, u64Attribute } from './message.ts';
import { explainedError, type RouteSocket } from './rtnetlink.ts';

const RTM_NEWQDISC = 36;
const RTM_DELQDISC = 37;
export const RTM_NEWTCLASS = 40;
export const RTM_NEWTFILTER = 44;

const TC_H_ROOT = 0xffffffff;
const TC_H_INGRESS = 0xfffffff1;
const INGRESS_HANDLE = 0xffff0000;
/** `1:` in tc's notation; its class N is `1:N`. */
export const ROOT_HANDLE = 0x10000;
/** The class with the link's whole rate, and below it that of whatever has no part of its own. */
export const WHOLE_CLASS = 1;
export const REST_CLASS = 2;
/** The queue of the class that everything goes to is `2:`, whether that is 1:1 or 1:2. */
const REST_QUEUE = 2;

export const TCA_KIND = 1;
export const TCA_OPTIONS = 2;

export const TCA_HTB_PARMS = 1;
const TCA_HTB_INIT = 2;
export const TCA_HTB_RATE64 = 6;
export const TCA_HTB_CEIL64 = 7;
const HTB_VERSION = 3;

export const TCA_U32_CLASSID = 1;
export const TCA_U32_SEL = 5;
const TCA_U32_POLICE = 6;
export const TC_U32_TERMINAL = 1;
const TCA_POLICE_TBF = 1;
const TCA_POLICE_RATE = 2;
const TCA_POLICE_RATE64 = 8;
const TC_POLICE_SHOT = 2;
export const ETH_P_ALL_BIG_ENDIAN = 0x0300;

/** The scheduler's clock ticks of 64 ns. */
export const NS_PER_TICK = 64;
/** One frame with its headers: the smallest bucket that lets a frame pass. */
export const FRAME_BYTES = 1600;
const MAX_QUANTUM_BYTES = 60_000;
/** The largest packet that the policer lets pass; offloaded segments are up to this size. */
const POLICED_PACKET_BYTES = 65_536;
const RATE_TABLE_ENTRIES = 256;
const SFQ_PERTURB_S = 10;

/** libvirt's kilobyte of a rate has 1000 bytes and that of a burst 1024, as tc(8) reads `kbps` and `kb`. */
export const RATE_UNIT = 1000;
const BURST_UNIT = 1024;

export interface LinkBandwidth {
  /** What the host sends into the link: a container's inbound traffic when the link is the host's end of its veth. */
  send?: BandwidthRate | undefined;
  /** What the host receives from it. */
  receive?: BandwidthRate | undefined;
  /** Parts of what is sent may be guaranteed to receivers (tc-guarantee.ts). */
  shared?: boolean;
}

export interface NamedLink {
  index: number;
  name: string;
}

/**
 * Sets the limits of a link that has none yet. A direction without average is not limited.
 *
 * SYSTEM_ERROR when the kernel lacks a part (`Unable to limit what vnet0 receives: …`); what was set before stays.
 */
export function setBandwidth(route: RouteSocket, link: NamedLink, { send, receive, shared = false }: LinkBandwidth): void {
  if (send?.average) limitSent(route, link, send, send.average, shared);
  if (receive?.average) limitReceived(route, link, receive, receive.average);
}

/** Removes whatever setBandwidth() made. */
export function clearBandwidth(route: RouteSocket, index: number): void {
  // Both are tolerated to fail: there may be nothing to remove.
  route.request(RTM_DELQDISC, 0, [trafficHeader(index, 0, TC_H_ROOT)]);
  route.request(RTM_DELQDISC, 0, [trafficHeader(index, INGRESS_HANDLE, TC_H_INGRESS)]);
}

function limitSent(route: RouteSocket, link: NamedLink, rate: BandwidthRate, average: number, shared: boolean): void {
  const what = `Unable to limit what is sent to ${link.name}`;
  const bytesPerSecond = average * RATE_UNIT;
  const peak = Math.max(bytesPerSecond, (rate.peak ?? average) * RATE_UNIT);
  const burst = rate.burst ? rate.burst * BURST_UNIT : FRAME_BYTES;
  const usual = shared ? REST_CLASS : WHOLE_CLASS;
  add(route, RTM_NEWQDISC, trafficHeader(link.index, ROOT_HANDLE, TC_H_ROOT), 'htb', plainNest(TCA_OPTIONS, [htbRoot(usual)]), what);
  for (const id of shared ? [WHOLE_CLASS, REST_CLASS] : [WHOLE_CLASS]) {
    const parent = id === WHOLE_CLASS ? ROOT_HANDLE : ROOT_HANDLE | WHOLE_CLASS;
    const options = plainNest(TCA_OPTIONS, htbClass(bytesPerSecond, peak, id === usual ? burst : FRAME_BYTES));
    add(route, RTM_NEWTCLASS, trafficHeader(link.index, ROOT_HANDLE | id, parent), 'htb', options, what);
  }
  addFairQueue(route, link, { id: REST_QUEUE, parent: ROOT_HANDLE | usual }, what);
}

/** Fairness between flows is a nicety: without this scheduler a class keeps its own first-in-first-out queue. */
export function addFairQueue(route: RouteSocket, link: NamedLink, { id, parent }: { id: number; parent: number }, what: string): void {
  const leaf = Buffer.alloc(72); // struct tc_sfq_qopt_v1
  leaf.writeInt32LE(SFQ_PERTURB_S, 4);
  const parts = [trafficHeader(link.index, id << 16, parent), stringAttribute(TCA_KIND, 'sfq'), attribute(TCA_OPTIONS, leaf)];
  const result = route.request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, parts);
  if (![0, ENOENT, EEXIST].includes(result.errno)) throw explainedError(what, result);
}

function limitReceived(route: RouteSocket, link: NamedLink, rate: BandwidthRate, average: number): void {
  const what = `Unable to limit what is received from ${link.name}`;
  const header = trafficHeader(link.index, INGRESS_HANDLE, TC_H_INGRESS);
  const result = route.request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, [header, stringAttribute(TCA_KIND, 'ingress')]);
  if (result.errno !== 0 && result.errno !== EEXIST) throw explainedError(what, result);
  const options = policeEverything(average * RATE_UNIT, (rate.burst ?? average) * BURST_UNIT);
  add(route, RTM_NEWTFILTER, trafficHeader(link.index, 0, INGRESS_HANDLE, ETH_P_ALL_BIG_ENDIAN), 'u32', options, what);
}

function add(route: RouteSocket, type: number, header: Buffer, kind: string, options: Buffer, what: string): void {
  const result = route.request(type, NLM_F_CREATE | NLM_F_EXCL, [header, stringAttribute(TCA_KIND, kind), options]);
  if (result.errno !== 0) throw explainedError(what, result);
}

/** struct tcmsg. */
export function trafficHeader(index: number, handle: number, parent: number, info = 0): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(handle >>> 0, 8);
  header.writeUInt32LE(parent, 12);
  header.writeUInt32LE(info, 16);
  return header;
}

/** struct tc_htb_glob: what no filter catches goes into this class. */
function htbRoot(usual: number): Buffer {
  const root = Buffer.alloc(20);
  root.writeUInt32LE(HTB_VERSION, 0);
  root.writeUInt32LE(10, 4); // rate2quantum; each class brings its own quantum
  root.writeUInt32LE(usual, 8);
  return attribute(TCA_HTB_INIT, root);
}

/** struct tc_htb_opt, and the rates again where 32 bits do not hold them. */
export function htbClass(bytesPerSecond: number, peak: number, burst: number): Buffer[] {
  const parameters = Buffer.alloc(44);
  rateSpecification(bytesPerSecond, 3).copy(parameters, 0);
  rateSpecification(peak, 3).copy(parameters, 12);
  parameters.writeUInt32LE(transmissionTicks(burst, bytesPerSecond), 24);
  parameters.writeUInt32LE(transmissionTicks(FRAME_BYTES, peak), 28);
  parameters.writeUInt32LE(Math.min(MAX_QUANTUM_BYTES, Math.max(FRAME_BYTES, Math.floor(bytesPerSecond / 10))), 32);
  const options = [attribute(TCA_HTB_PARMS, parameters)];
  if (bytesPerSecond > MAX_UINT32) options.push(u64Attribute(TCA_HTB_RATE64, BigInt(bytesPerSecond)));
  if (peak > MAX_UINT32) options.push(u64Attribute(TCA_HTB_CEIL64, BigInt(peak)));
  return options;
}

/** A u32 filter that matches every packet and drops what exceeds the rate. */
function policeEverything(bytesPerSecond: number, burst: number): Buffer {
  const cellLog = 9; // the smallest with POLICED_PACKET_BYTES >> cellLog within the table
  const police = Buffer.alloc(56); // struct tc_police
  police.writeInt32LE(TC_POLICE_SHOT, 4);
  police.writeUInt32LE(transmissionTicks(burst, bytesPerSecond), 12);
  police.writeUInt32LE(POLICED_PACKET_BYTES, 16);
  rateSpecification(bytesPerSecond, cellLog).copy(police, 20);
  const table = Buffer.alloc(RATE_TABLE_ENTRIES * 4);
  for (let i = 0; i < RATE_TABLE_ENTRIES; i++) table.writeUInt32LE(transmissionTicks((i + 1) << cellLog, bytesPerSecond), i * 4);
  const action = [attribute(TCA_POLICE_TBF, police), attribute(TCA_POLICE_RATE, table)];
  if (bytesPerSecond > MAX_UINT32) action.push(u64Attribute(TCA_POLICE_RATE64, BigInt(bytesPerSecond)));
  const selector = Buffer.alloc(32); // struct tc_u32_sel with one key whose mask is empty
  selector.writeUInt8(TC_U32_TERMINAL, 0);
  selector.writeUInt8(1, 2);
  return plainNest(TCA_OPTIONS, [plainNest(TCA_U32_POLICE, action), u32Attribute(TCA_U32_CLASSID, 1), attribute(TCA_U32_SEL, selector)]);
}

const MAX_UINT32 = 0xffffffff;

/** struct tc_ratespec for Ethernet. */
function rateSpecification(bytesPerSecond: number, cellLog: number): Buffer {
  const rate = Buffer.alloc(12);
  rate.writeUInt8(cellLog, 0);
  rate.writeUInt8(1, 1); // TC_LINKLAYER_ETHERNET
  rate.writeInt16LE(-1, 4); // cell_align
  rate.writeUInt32LE(Math.min(bytesPerSecond, MAX_UINT32), 8);
  return rate;
}

function transmissionTicks(bytes: number, bytesPerSecond: number): number {
  return Math.min(MAX_UINT32, Math.floor((bytes * 1e9) / bytesPerSecond / NS_PER_TICK));
}
