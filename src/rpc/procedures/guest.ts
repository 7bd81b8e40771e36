// What goes on in a domain, and what may be going on with it: its guest, its clock, long operations.

import { libvirtError } from '../../errors.ts';
import { onlyFlags } from '../flags.ts';
import { intParameter, stringParameter, uintParameter, ullongParameter } from '../parameters.ts';
import { call, type Procedure } from '../procedure.ts';
import { domain, parameters, type TypedParameter } from '../types.ts';
import { array, hyper, int, nothing, string, struct, uhyper, uint } from '../xdr.ts';
import { domainOf } from './domain-of.ts';

const ofDomain = struct({ domain });
const ofDomainWithFlags = struct({ domain, flags: uint });

/** virDomainGetJobInfo: what kind of job there is, and eleven measures of it. */
const MEASURES = [
  ...['timeElapsed', 'timeRemaining', 'dataTotal', 'dataProcessed', 'dataRemaining', 'memoryTotal', 'memoryProcessed', 'memoryRemaining'],
  ...['fileTotal', 'fileProcessed', 'fileRemaining'],
];
const jobMeasures = struct(Object.fromEntries(MEASURES.map((name) => [name, uhyper])));
const NO_MEASURES = Object.fromEntries(MEASURES.map((name) => [name, 0n]));

const ABORT_POSTCOPY = 1;
const SETS_FROM_CLOCK = 1; // virDomainSetTimeFlags

const jobs = () => import('../../driver/domain/jobs.ts');
const health = () => import('../../driver/domain/health.ts');

/** The type that libvirt gives a fact. */
function guestParameter(key: string, value: string | number): TypedParameter {
  if (typeof value === 'string') return stringParameter(key, value);
  if (/\.(?:count|prefix)$/.test(key)) return uintParameter(key, value);
  return key.endsWith('.offset') ? intParameter(key, value) : ullongParameter(key, BigInt(value));
}

export const guestProcedures: Readonly<Record<number, Procedure>> = {
  418: call(
    struct({ domain, types: uint, flags: uint }),
    struct({ parameters: parameters(2048) }),
    async (connection, { domain: asked, types, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainGetGuestInfo');
      const { GUEST_INFO, guestInfo } = await import('../../driver/domain/guest.ts');
      const unknown = types & ~(2 ** GUEST_INFO.length - 1);
      if (unknown) throw libvirtError('INVALID_ARG', `unsupported guest information types '0x${(unknown >>> 0).toString(16)}'`);
      const facts = await guestInfo(
        connection,
        domainOf(asked),
        GUEST_INFO.filter((_, bit) => types & (1 << bit)),
      );
      return { parameters: facts.map(([key, value]) => guestParameter(key, value)) };
    },
  ),
  349: call(
    ofDomainWithFlags,
    struct({
      filesystems: array(struct({ mountpoint: string, name: string, type: string, targets: array(string, 256) }), 256),
      count: uint,
    }),
    async (connection, { domain: asked, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainGetFSInfo');
      const { guestFilesystems } = await import('../../driver/domain/guest.ts');
      const filesystems = await guestFilesystems(connection, domainOf(asked));
      return { filesystems, count: filesystems.length };
    },
  ),
  337: call(ofDomainWithFlags, struct({ seconds: hyper, nanoseconds: uint }), async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, 0, 'lxcDomainGetTime');
    const { domainTimeMs } = await import('../../driver/domain/time.ts');
    const ms = domainTimeMs(connection, domainOf(asked));
    return { seconds: BigInt(Math.floor(ms / 1000)), nanoseconds: (ms % 1000) * 1_000_000 };
  }),
  338: call(struct({ domain, seconds: hyper, nanoseconds: uint, flags: uint }), nothing, async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, SETS_FROM_CLOCK, 'lxcDomainSetTime');
    const { setDomainTime } = await import('../../driver/domain/time.ts');
    setDomainTime(connection, domainOf(asked));
  }),
  163: call(ofDomain, struct({ type: int, measures: jobMeasures }), async (connection, { domain: asked }) => {
    const { jobType } = await jobs();
    return { type: jobType(connection, domainOf(asked), 'virDomainGetJobInfo').number, measures: NO_MEASURES };
  }),
  298: call(ofDomainWithFlags, struct({ type: int, parameters: parameters(64) }), async (connection, { domain: asked, flags }) => {
    const COMPLETED = 1;
    const KEEP_COMPLETED = 2;
    onlyFlags(flags, COMPLETED | KEEP_COMPLETED, 'lxcDomainGetJobStats');
    const { jobType } = await jobs();
    return { type: jobType(connection, domainOf(asked), 'virDomainGetJobStats').number, parameters: [] };
  }),
  164: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { abortJob } = await jobs();
    abortJob(connection, domainOf(asked), 'virDomainAbortJob');
  }),
  442: call(ofDomainWithFlags, nothing, async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, ABORT_POSTCOPY, 'lxcDomainAbortJobFlags');
    const { abortJob } = await jobs();
    abortJob(connection, domainOf(asked), 'virDomainAbortJobFlags');
  }),
  229: call(ofDomainWithFlags, struct({ state: uint, details: uint, time: uhyper }), async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, 0, 'lxcDomainGetControlInfo');
    const { controlState } = await health();
    controlState(connection, domainOf(asked));
    return { state: 0, details: 0, time: 0n }; // it can be talked to: virDomainControlState has no other that it could be in
  }),
  263: call(
    struct({ domain, most: uint, flags: uint }),
    struct({ errors: array(struct({ disk: string, error: int }), 256), count: int }),
    async (connection, { domain: asked, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainGetDiskErrors');
      const { diskErrors } = await health();
      const count = diskErrors(connection, domainOf(asked)).length;
      return { errors: [], count };
    },
  ),
};
