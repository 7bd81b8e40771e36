// The life of a domain: defined, started, asked to end, ended, forgotten.

import type { StopMode } from '../../container/init.ts';
import { LIFECYCLE_ACTIONS } from '../../domain/elements/lifecycle.ts';
import type { Connection } from '../../driver/connection.ts';
import type { StartOptions } from '../../driver/domain/start.ts';
import { libvirtError } from '../../errors.ts';
import { affectOf, named, onlyFlags } from '../flags.ts';
import { call, type Procedure } from '../procedure.ts';
import { domain } from '../types.ts';
import { document, hyper, int, nothing, optional, string, struct, uint } from '../xdr.ts';
import { currentDomain, domainOf } from './domain-of.ts';

/** virDomainCreateFlags. */
const START = { paused: 1, autodestroy: 2, bypassCache: 4, forceBoot: 8, validate: 16, resetNvram: 32 } as const;
const startOptions = (flags: number, name: string, known: number): StartOptions => {
  onlyFlags(flags, known, name);
  return named(flags, START);
};
const OF_DEFINED = START.paused | START.autodestroy;
const OF_DOCUMENT = OF_DEFINED | START.validate;

const VALIDATE = 1; // virDomainDefineFlags
const GRACEFUL = 1;
const REMOVE_LOGS = 2;

/** virDomainShutdownFlagValues, and those of a reboot. */
const STOP_MODES: readonly StopMode[] = ['acpi', 'agent', 'initctl', 'signal', 'paravirt'];
const stopModes = (flags: number, name: string): StopMode[] => {
  onlyFlags(flags, (1 << STOP_MODES.length) - 1, name);
  return STOP_MODES.filter((_, bit) => flags & (1 << bit));
};

/** virDomainUndefineFlagsValues. */
const UNDEFINE = {
  managedSave: 1,
  snapshotsMetadata: 2,
  nvram: 4,
  keepNvram: 8,
  checkpointsMetadata: 16,
  tpm: 32,
  keepTpm: 64,
} as const;

/** virDomainLifecycle; its actions are in the order of LIFECYCLE_ACTIONS. */
const LIFECYCLE_EVENTS = ['poweroff', 'reboot', 'crash'] as const;

const start = () => import('../../driver/domain/start.ts');
const stop = () => import('../../driver/domain/stop.ts');
const freeze = () => import('../../driver/domain/freeze.ts');
const define = () => import('../../driver/domain/define.ts');

const ofDomain = struct({ domain });
const ofDomainWithFlags = struct({ domain, flags: uint });
const ofDocument = struct({ xml: document, flags: uint });

async function defineXml(connection: Connection, xml: Uint8Array, validate: boolean) {
  const { defineDomain } = await define();
  return { domain: currentDomain(connection, await defineDomain(connection, xml, { validate })) };
}

async function createXml(connection: Connection, xml: Uint8Array, options: StartOptions) {
  const { createDomain } = await start();
  return { domain: currentDomain(connection, await createDomain(connection, xml, options)) };
}

export const lifecycleProcedures: Readonly<Record<number, Procedure>> = {
  11: call(struct({ xml: document }), ofDomain, (connection, { xml }) => defineXml(connection, xml, false)),
  350: call(ofDocument, ofDomain, (connection, { xml, flags }) => {
    onlyFlags(flags, VALIDATE, 'lxcDomainDefineXMLFlags');
    return defineXml(connection, xml, (flags & VALIDATE) !== 0);
  }),
  10: call(ofDocument, ofDomain, (connection, { xml, flags }) =>
    createXml(connection, xml, startOptions(flags, 'lxcDomainCreateXMLWithFiles', OF_DOCUMENT)),
  ),
  9: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { startDomain } = await start();
    await startDomain(connection, domainOf(asked), {});
  }),
  196: call(ofDomainWithFlags, ofDomain, async (connection, { domain: asked, flags }) => {
    const { startDomain } = await start();
    const options = startOptions(flags, 'lxcDomainCreateWithFiles', OF_DEFINED);
    return { domain: currentDomain(connection, await startDomain(connection, domainOf(asked), options)) };
  }),
  12: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { destroyDomain } = await stop();
    await destroyDomain(connection, domainOf(asked), {});
  }),
  234: call(ofDomainWithFlags, nothing, async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, GRACEFUL | REMOVE_LOGS, 'lxcDomainDestroyFlags');
    const { destroyDomain } = await stop();
    await destroyDomain(connection, domainOf(asked), named(flags, { graceful: GRACEFUL, removeLogs: REMOVE_LOGS }));
  }),
  33: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { shutdownDomain } = await stop();
    await shutdownDomain(connection, domainOf(asked), { modes: [] });
  }),
  258: call(ofDomainWithFlags, nothing, async (connection, { domain: asked, flags }) => {
    const { shutdownDomain } = await stop();
    await shutdownDomain(connection, domainOf(asked), { modes: stopModes(flags, 'lxcDomainShutdownFlags') });
  }),
  27: call(ofDomainWithFlags, nothing, async (connection, { domain: asked, flags }) => {
    const { rebootDomain } = await import('../../driver/domain/reboot.ts');
    await rebootDomain(connection, domainOf(asked), stopModes(flags, 'lxcDomainReboot'));
  }),
  34: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { suspendDomain } = await freeze();
    await suspendDomain(connection, domainOf(asked));
  }),
  28: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { resumeDomain } = await freeze();
    await resumeDomain(connection, domainOf(asked));
  }),
  35: call(ofDomain, nothing, async (connection, { domain: asked }) => {
    const { undefineDomain } = await define();
    await undefineDomain(connection, domainOf(asked), {});
  }),
  231: call(ofDomainWithFlags, nothing, async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, UNDEFINE.managedSave | UNDEFINE.snapshotsMetadata, 'lxcDomainUndefineFlags');
    const { undefineDomain } = await define();
    await undefineDomain(connection, domainOf(asked), named(flags, UNDEFINE));
  }),
  358: call(
    struct({ domain, name: optional(string), flags: uint }),
    struct({ result: int }),
    async (connection, { domain: asked, name, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainRename');
      const { renameDomain } = await define();
      await renameDomain(connection, domainOf(asked), name ?? '');
      return { result: 0 };
    },
  ),
  390: call(
    struct({ domain, type: uint, action: uint, flags: uint }),
    nothing,
    async (connection, { domain: asked, type, action, flags }) => {
      const { setLifecycleAction } = await import('../../driver/domain/lifecycle-action.ts');
      const [event, what] = [LIFECYCLE_EVENTS[type], LIFECYCLE_ACTIONS[action]];
      if (!event || !what) throw libvirtError('INVALID_ARG', 'a lifecycle type or action is out of range');
      await setLifecycleAction(connection, domainOf(asked), event, what, affectOf(flags, 'lxcDomainSetLifecycleAction'));
    },
  ),
  295: call(
    struct({ domain, pid: hyper, signal: uint, flags: uint }),
    nothing,
    async (connection, { domain: asked, pid, signal, flags }) => {
      onlyFlags(flags, 0, 'lxcDomainSendProcessSignal');
      const { sendProcessSignal } = await import('../../driver/domain/signal.ts');
      await sendProcessSignal(connection, domainOf(asked), pid, signal);
    },
  ),
};
