// What happens to domains, networks, storage pools and devices of the host, sent to a client that has asked for it.

import { POLLIN } from '../../lib-native/constants.ts';
import { libvirtError } from '../errors.ts';
import type { ClientConnection } from './connection.ts';

export interface Registration {
  /** The client names it so. */
  readonly id: number;
  /** libvirt's number of a kind of events. */
  readonly eventId: number;
  /** Only of this domain, network, pool or device. */
  readonly uuid: string | undefined;
  /** By one of the calls of the time before registrations had numbers. */
  readonly isOld: boolean;
}

/** Of one kind of objects. Each is told of each event. */
const MOST_REGISTRATIONS = 1000;

/** Sends the event, if it is one that is registered for. */
export type Sender<T> = (client: ClientConnection, registration: Registration, event: T) => void;

/** What has happened since it was made, of one kind of objects (driver/events.ts). */
export interface Queue<T> extends Disposable {
  /** Can be read when there may be something new; undefined: it is to be asked every `askMs`. */
  readonly fd: number | undefined;
  readonly askMs: number;
  /** Something was thrown away before it was read. */
  readonly hasMissed: boolean;
  read(): T[];
}

/** The events of one kind of objects, for one client: in their order, and each once for each registration. */
export class ClientEvents<T extends { uuid: string }> {
  readonly #client: ClientConnection;
  readonly #makeQueue: () => Queue<T>;
  readonly #send: Sender<T>;
  readonly #registrations = new Map<number, Registration>();
  #nextId = 0;
  #source: { queue: Queue<T>; waiting: Disposable } | undefined;
  #isWaiting = false;
  /** What happened and is not told yet. */
  #untold: Iterator<T> | undefined;

  constructor(client: ClientConnection, makeQueue: () => Queue<T>, send: Sender<T>) {
    this.#client = client;
    this.#makeQueue = makeQueue;
    this.#send = send;
    client.atEnd.push(() => this.#close());
  }

  /** From now on; what happened before is for those that were registered then. Returns its number. Throws OPERATION_FAILED. */
  register(wanted: Omit<Registration, 'id'>): number {
    if (this.#registrations.size >= MOST_REGISTRATIONS)
      throw libvirtError('OPERATION_FAILED', `more than ${MOST_REGISTRATIONS} registrations for events of one connection`);
    if (this.#source) this.#deliver();
    else this.#open();
    const id = this.#nextId++;
    this.#registrations.set(id, { ...wanted, id });
    return id;
  }

  /** Throws INTERNAL_ERROR for one that there is not, in `words`. */
  deregister(which: (registration: Registration) => boolean, words: string): void {
    const found = [...this.#registrations.values()].find(which);
    if (!found) throw libvirtError('INTERNAL_ERROR', words);
    if (this.#source) this.#deliver();
    this.#registrations.delete(found.id);
    if (this.#registrations.size === 0) this.#close();
  }

  has(which: (registration: Registration) => boolean): boolean {
    return [...this.#registrations.values()].some(which);
  }

  #open(): void {
    const queue = this.#makeQueue();
    this.#source = { queue, waiting: this.#waitFor(queue) };
  }

  #waitFor(queue: Queue<T>): Disposable {
    const { loop } = this.#client;
    const { fd, askMs } = queue;
    if (fd !== undefined) return loop.watch(fd, POLLIN, () => this.#deliver());
    return loop.after(askMs, () => {
      this.#deliver();
      this.#waitAnew();
    });
  }

  #waitAnew(): void {
    if (!this.#source) return;
    this.#source.waiting[Symbol.dispose]();
    this.#source.waiting = this.#waitFor(this.#source.queue);
  }

  /** A client that does not read is told when it does: until then the events stay where they are, which takes no memory. */
  #deliver(): void {
    const source = this.#source;
    if (!source || this.#isWaiting) return;
    const untold = this.#untold ?? source.queue.read().values();
    this.#untold = untold;
    for (;;) {
      if (this.#client.isFull) {
        this.#waitForClient(source.waiting);
        return;
      }
      const { done, value: event } = untold.next();
      if (done) break;
      for (const registration of this.#registrations.values()) this.#tell(registration, event);
    }
    this.#untold = undefined;
    // It would take what it was told for all that happened.
    if (source.queue.hasMissed) this.#client.loop.stop();
  }

  #waitForClient(waiting: Disposable): void {
    this.#isWaiting = true;
    waiting[Symbol.dispose]();
    this.#client.whenDrained(() => {
      this.#isWaiting = false;
      this.#deliver();
      this.#waitAnew();
    });
  }

  #tell(registration: Registration, event: T): void {
    if (registration.uuid === undefined || registration.uuid === event.uuid) this.#send(this.#client, registration, event);
  }

  #close(): void {
    this.#source?.waiting[Symbol.dispose]();
    this.#source?.queue[Symbol.dispose]();
    this.#source = undefined;
    this.#untold = undefined;
  }
}
