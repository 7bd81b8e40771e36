// start and create.

import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { pause } from '../../../lib-native/pause.ts';
import { repairStale } from '../../container/cleanup.ts';
import { dryRun } from '../../container/dry-run.ts';
import { formatPlan } from '../../container/plan/print.ts';
import { runDomain } from '../../container/start.ts';
import type { DomainDefinition } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, unsupportedFlags } from '../../errors.ts';
import { DEFAULT_PARTITION } from '../../host/cgroup/cgroup.ts';
import { isDefined } from '../../store/definitions.ts';
import { loadDefinition, saveDefinition } from '../../store/domain-documents.ts';
import { LOCK_TIMEOUT_MS, lockDomain, lockStore, lockTimeout, type StateLock } from '../../store/lock.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { OwnedRun } from './autodestroy.ts';
import { readNewDomain } from './new-domain.ts';
import { checkUnique } from './unique.ts';

export interface StartOptions {
  paused?: boolean;
  /** Destroy it when the connection is closed, or its process ends. */
  autodestroy?: boolean;
  bypassCache?: boolean;
  forceBoot?: boolean;
  resetNvram?: boolean;
  passFds?: number[];
  /** They were not inherited, but opened by this process, or sent to it. */
  ownsFds?: boolean;
  /** An init system may run on the host's own root. */
  hostRoot?: boolean;
  /** Whoever starts it sits at a terminal: a program at that expects to have one. */
  atTerminal?: boolean;
  validate?: boolean;
  /** Called when all is set up but init does not run yet, with what the domain runs with. */
  onSetUp?: ((live: DomainDefinition) => void) | undefined;
  onWaiting?: (what: string) => void;
  onWarning?: (text: string) => void;
}

const FLAG_BYPASS_CACHE = 0x4;
const FLAG_RESET_NVRAM = 0x20;

function checkFlags({ bypassCache, resetNvram }: StartOptions, driverFunction: string): void {
  const flags = (bypassCache ? FLAG_BYPASS_CACHE : 0) | (resetNvram ? FLAG_RESET_NVRAM : 0);
  if (flags) throw unsupportedFlags(flags, driverFunction);
}

/** Starts a defined domain. Throws OPERATION_INVALID if it runs, and what runDomain throws. */
export async function startDomain(connection: Connection, ref: DomainRef, options: StartOptions): Promise<DomainRef> {
  requireWritable(connection, 'virDomainCreate');
  checkFlags(options, 'lxcDomainCreateWithFiles');
  const { lock, isRunning } = await lockToStart(ref.name, options.onWaiting);
  using _lock = lock;
  if (isRunning) throw libvirtError('OPERATION_INVALID', 'Domain is already running');
  const definition = loadDefinition(ref.name);
  await run(connection, definition, options);
  keepPartition(definition);
  return ref;
}

/** Starts a domain from its XML alone; one that is defined already, under the same name and uuid, stays so. */
export async function createDomain(connection: Connection, xml: string | Uint8Array, options: StartOptions): Promise<DomainRef> {
  requireWritable(connection, 'virDomainCreateXML');
  checkFlags(options, 'lxcDomainCreateXMLWithFiles');
  const { definition, warnOfLosses } = await readNewDomain(xml, options);
  const { lock, isRunning } = await lockToStart(definition.name, options.onWaiting);
  using _lock = lock;
  {
    using _store = lockStore();
    checkUnique(definition);
    if (isRunning) throw libvirtError('OPERATION_INVALID', `domain '${definition.name}' is already active`);
  }
  warnOfLosses(options.onWarning);
  await run(connection, definition, options);
  return definition;
}

/**
 * Takes the domain's lock and makes way for a start: clears up what dead processes left, and waits for an on-exit, which
 * wants the lock itself and may start the domain again, and for the controller of a start whose command was killed.
 * Throws as lockDomain().
 */
async function lockToStart(name: string, onWaiting: StartOptions['onWaiting']): Promise<{ lock: StateLock; isRunning: boolean }> {
  const deadline = monotonicMs() + LOCK_TIMEOUT_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    const lock = lockDomain(name, onWaiting);
    try {
      const status = await repairStale(name);
      if (!status || status.inService) return { lock, isRunning: status !== undefined };
      if (monotonicMs() > deadline) throw lockTimeout();
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
    lock[Symbol.dispose]();
    pause(pauseMs);
  }
}

/** What `start` would do, as a list of system calls. */
export async function planStart(
  _connection: Connection,
  ref: DomainRef,
  options: Pick<StartOptions, 'hostRoot' | 'atTerminal'>,
): Promise<string> {
  return formatPlan(await dryRun(loadDefinition(ref.name), options));
}

async function run(connection: Connection, definition: DomainDefinition, options: StartOptions): Promise<void> {
  if (!options.autodestroy) {
    await runDomain(definition, { reason: 'booted', ...options });
    return;
  }
  const owned = new OwnedRun();
  try {
    await runDomain(definition, { reason: 'booted', ...options, onOwned: (ownership) => owned.own(definition, ownership) });
  } catch (error) {
    owned.release();
    throw error;
  }
  connection.autodestroyed.push(owned);
}

/** A start leaves the default partition in the stored definition, where `dumpxml --inactive` then shows it. */
function keepPartition(definition: DomainDefinition): void {
  if (definition.partition !== undefined || !isDefined(definition.name)) return;
  saveDefinition({ ...loadDefinition(definition.name), partition: DEFAULT_PARTITION });
}
