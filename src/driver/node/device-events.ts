// Devices of the host that come and go, as they do: the kernel says that something has changed, and what it is tells the list of them.
import { DeviceChanges } from '../../host/device-changes.ts';
import type { Connection } from '../connection.ts';
import { listNodeDevices } from './devices.ts';

export interface NodeDeviceEvent {
  /** Milliseconds since the epoch. */
  time: number;
  device: string;
  /** Its name again: devices have none. */
  uuid: string;
  event: 'lifecycle';
  kind: 'Created' | 'Deleted';
}

/** From now on, for whoever waits with poll(2) for other things, too. */
export class NodeDeviceQueue implements Disposable {
  readonly askMs = -1;
  readonly hasMissed = false;
  readonly #connection: Connection;
  readonly #changes = new DeviceChanges();
  #known: ReadonlySet<string>;

  /** Throws SYSTEM_ERROR. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#known = this.#now();
  }

  /** Can be read when there may be something new. */
  get fd(): number {
    return this.#changes.fd;
  }

  /** What has come or gone since the last call; not what has done both. */
  read(): NodeDeviceEvent[] {
    if (!this.#changes.taken()) return [];
    const [before, now] = [this.#known, this.#now()];
    this.#known = now;
    const events = (names: Iterable<string>, kind: NodeDeviceEvent['kind']): NodeDeviceEvent[] =>
      [...names].map((device) => ({ time: Date.now(), device, uuid: device, event: 'lifecycle', kind }));
    const without = (names: ReadonlySet<string>, others: ReadonlySet<string>) => [...names].filter((name) => !others.has(name));
    return [...events(without(before, now), 'Deleted'), ...events(without(now, before), 'Created')];
  }

  #now(): ReadonlySet<string> {
    return new Set(listNodeDevices(this.#connection).map(({ name }) => name));
  }

  [Symbol.dispose](): void {
    this.#changes[Symbol.dispose]();
  }
}

/** So often it is asked for changes. */
const ASK_MS = 100;

/** As they happen, until `signal` aborts. */
export async function* followNodeDeviceEvents(connection: Connection, signal: AbortSignal): AsyncGenerator<NodeDeviceEvent> {
  using queue = new NodeDeviceQueue(connection);
  while (!signal.aborted) {
    yield* queue.read();
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
