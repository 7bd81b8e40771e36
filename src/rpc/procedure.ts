// What a procedure is to the dispatcher: what it is called with, what it answers, and the driver's call between the two.

import { monotonicMs } from '../../lib-native/monotonic.ts';
import { type Connection, requireStore } from '../driver/connection.ts';
import { type ErrorDriver, libvirtError } from '../errors.ts';
import type { ClientConnection } from './connection.ts';
import type { Header } from './frame.ts';
import type { AnyType, Type } from './xdr.ts';

/** Of one call. */
export interface Context {
  readonly client: ClientConnection;
  readonly header: Header;
  /** That came with it; closed when it has run. */
  readonly fds: readonly number[];
  /** To be sent with the answer, and then closed. */
  readonly replyFds: number[];
}

export interface Procedure {
  readonly args: AnyType;
  readonly result: AnyType;
  /** Whose its errors are, where that is not the driver of domains. */
  readonly driver?: ErrorDriver;
  run(context: Context, args: never): unknown;
}

export interface Rest {
  /** Loads it; undefined: there is none of that number. */
  procedure(number: number): Promise<Procedure | undefined>;
  /** The function of libvirt's API that a number stands for; undefined: there is none. */
  apiName(number: number): Promise<string | undefined>;
}

export interface Program {
  readonly number: number;
  readonly version: number;
  readonly procedures: ReadonlyMap<number, Procedure>;
  /** Those that are loaded by their first call. */
  rest?(): Promise<Rest>;
  onMessage?(client: ClientConnection, header: Header): void;
  /** Those that may take long. */
  readonly long?: ReadonlySet<number>;
  /** What this one does is to end with the connection. */
  lasts?(procedure: number, args: object): boolean;
}

/** A procedure that needs no connection to the driver. */
export const raw = <A, R>(args: Type<A>, result: Type<R>, run: (context: Context, args: A) => R | Promise<R>): Procedure => ({
  args,
  result,
  run,
});

/** What others may have done to the store, a daemon or a command that died, is looked at so often: calls come in bursts. */
const CHECKED_MS = 50;
const checkedAt = new WeakMap<Connection, number>();

async function checkStore(driver: Connection): Promise<void> {
  const now = monotonicMs();
  if (now - (checkedAt.get(driver) ?? Number.NEGATIVE_INFINITY) < CHECKED_MS) return;
  await requireStore(driver);
  checkedAt.set(driver, now);
}

/** A call of the driver. */
export const call = <A, R>(
  args: Type<A>,
  result: Type<R>,
  run: (connection: Connection, args: A, context: Context) => R | Promise<R>,
): Procedure => ({
  args,
  result,
  run: async (context, value) => {
    const { driver } = context.client;
    if (!driver) throw libvirtError('INTERNAL_ERROR', 'connection not open');
    await checkStore(driver);
    return run(driver, value, context);
  },
});

/** The same procedures, whose errors are another driver's. */
export const callsOf = (driver: ErrorDriver, procedures: Readonly<Record<number, Procedure>>): Record<number, Procedure> =>
  Object.fromEntries(Object.entries(procedures).map(([number, procedure]) => [number, { ...procedure, driver }]));
