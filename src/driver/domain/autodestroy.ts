// Domains that end with the connection that started them.
import { linux } from '../../../lib-native/linux.ts';
import type { DomainRef } from '../../domain/ref.ts';
import type { ProcessIdentity } from '../../host/process.ts';
import { liveStatus } from '../../store/live-status.ts';
import { paths } from '../../store/paths.ts';
import type { Connection } from '../connection.ts';
import { type DomainEvent, SpoolReader } from '../events.ts';

/** By which a controller knows that its owner is there: it ends its container when this is closed, by whatever. */
export interface Ownership {
  readonly controller: ProcessIdentity;
  readonly controlFd: number;
}

/** A run that is a connection's own. To be made before the start: what happens to it from then on is seen. */
export class OwnedRun {
  readonly #events = new SpoolReader<DomainEvent>(paths.events);
  #domain: DomainRef | undefined;
  #ownership: Ownership | undefined;

  /** What the start made of it. */
  own(domain: DomainRef, ownership: Ownership): void {
    this.#domain = { name: domain.name, uuid: domain.uuid };
    this.#ownership = ownership;
  }

  /**
   * The domain, if that run is not over: it may have been rebooted, which is no end. One that was ended and started by somebody
   * else is theirs.
   */
  get domain(): DomainRef | undefined {
    const domain = this.#domain;
    const status = domain && liveStatus(domain.name);
    if (!domain || !status || status.uuid !== domain.uuid) return undefined;
    const { pid, startTime } = this.#ownership!.controller;
    if (status.controller.pid === pid && status.controller.startTime === startTime) return domain;
    const since = [...this.#events.read()];
    const hasEnded = since.some((event) => event.uuid === domain.uuid && event.event === 'lifecycle' && event.kind === 'Stopped');
    return hasEnded || this.#events.hasMissed ? undefined : domain;
  }

  /** Gives up what is held of it. */
  release(): void {
    this.#events.close();
    if (this.#ownership) linux.close(this.#ownership.controlFd);
    this.#ownership = undefined;
  }
}

/** Destroys what was started with `autodestroy`. To be called when the connection is closed. */
export async function endSession(connection: Connection): Promise<void> {
  const owned = connection.autodestroyed.splice(0);
  if (owned.length === 0) return;
  const { destroyDomain } = await import('./stop.ts');
  for (const run of owned) {
    try {
      const { domain } = run;
      if (domain) await destroyDomain(connection, domain, {});
    } finally {
      run.release();
    }
  }
}
