// Ending every domain before the host goes: the command that the unit runs.

import { linux } from '../../../lib-native/linux.ts';
import { monotonicMs } from '../../../lib-native/monotonic.ts';
import { readable } from '../../../lib-native/readable.ts';
import { type InitProcess, openInit } from '../../container/init.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { failureIn, type LibvirtError } from '../../errors.ts';
import { liveStatus } from '../../store/live-status.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { resumeDomain } from './freeze.ts';
import { isActive, listDomains } from './lookup.ts';
import { destroyDomain, shutdownDomain } from './stop.ts';

export interface ShutdownResult {
  name: string;
  /** How it ended: by itself, or because it was destroyed. */
  end: 'shutdown' | 'destroyed';
  /** undefined: it is off. */
  error: LibvirtError | undefined;
}

/** The controller clears up after init (on-exit): that may take as long. */
const ON_EXIT_TIMEOUT_MS = 5000;

interface Asked extends DomainRef {
  init: InitProcess;
  /** Descriptor of its controller; negative: it is gone. */
  controller: number;
}

/**
 * Asks all domains that run to shut down, at the same time, and waits for all together; what still runs after `timeoutMs`, what does not listen
 * and what its definition has started again is destroyed. One that fails does not keep the others from ending.
 */
export async function shutdownAll(connection: Connection, timeoutMs: number): Promise<ShutdownResult[]> {
  requireWritable(connection, 'virDomainShutdown');
  const deadline = monotonicMs() + timeoutMs;
  const left = () => Math.max(0, deadline - monotonicMs());
  const domains = await listDomains(connection, { active: true, inactive: false });
  const asked: Asked[] = [];
  try {
    if (left() > 0) for (const one of await Promise.all(domains.map((domain) => ask(connection, domain)))) asked.push(...one);
    for (const { init, controller } of asked) {
      if (readable(init.pidfd, left()) && controller >= 0) readable(controller, ON_EXIT_TIMEOUT_MS);
    }
  } finally {
    for (const { init, controller } of asked) {
      init[Symbol.dispose]();
      if (controller >= 0) linux.close(controller);
    }
  }
  const results: ShutdownResult[] = [];
  for (const { name, uuid } of domains) {
    const end = isActive(connection, { name, uuid }) ? 'destroyed' : 'shutdown';
    const error = end === 'destroyed' ? await failureIn(() => destroyDomain(connection, { name, uuid }, {})) : undefined;
    const isOff = error === undefined || !liveStatus(name); // it may have ended in between
    results.push({ name, end, error: isOff ? undefined : error });
  }
  return results;
}

/** One domain to wait for; none where nothing will come of it. */
async function ask(connection: Connection, ref: DomainRef): Promise<Asked[]> {
  const status = liveStatus(ref.name);
  if (!status) return [];
  if (status.state === 'paused') await failureIn(() => resumeDomain(connection, ref));
  let init: InitProcess | undefined;
  let listens = true;
  const error = await failureIn(async () => {
    init = openInit(status);
    const onWarning = () => {
      listens = false; // the only thing that it warns of
    };
    await shutdownDomain(connection, ref, { modes: [], onWarning });
  });
  if (init && listens && !error) return [{ ...ref, init, controller: linux.pidfdOpen(status.controller.pid) }];
  init?.[Symbol.dispose]();
  return [];
}
