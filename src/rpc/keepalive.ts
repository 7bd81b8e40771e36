// Whether the client is still there: each side may ask the other, and is told so.

import { monotonicMs } from '../../lib-native/monotonic.ts';
import type { ClientConnection } from './connection.ts';
import { type Header, KIND, STATUS } from './frame.ts';
import type { Program } from './procedure.ts';

const KEEPALIVE = 0x6b656570;
const PING = 1;
const PONG = 2;

/** As libvirt's daemons ask by default: one that has not been heard of for so long is asked, and given up after so many questions. */
const INTERVAL_MS = 5000;
const MOST_PINGS = 5;

const message = (procedure: number): Header => ({
  program: KEEPALIVE,
  version: 1,
  procedure,
  kind: KIND.message,
  serial: 0,
  status: STATUS.ok,
});

export const keepalive: Program = {
  number: KEEPALIVE,
  version: 1,
  procedures: new Map(),
  onMessage: (client, { procedure }) => {
    if (procedure === PING && !client.isFull) client.send(message(PONG), () => {});
  },
};

const asking = new WeakSet<ClientConnection>();

/** Asks a client that answers such questions, as long as it is there. */
export function keepAsking(client: ClientConnection): void {
  if (asking.has(client)) return;
  asking.add(client);
  let asked = 0;
  const check = () => {
    const silentMs = monotonicMs() - client.heardAt;
    if (silentMs < INTERVAL_MS) asked = 0;
    else if (asked === MOST_PINGS) return client.loop.stop();
    else {
      asked++;
      client.send(message(PING), () => {});
    }
    client.loop.after(silentMs < INTERVAL_MS ? INTERVAL_MS - silentMs : INTERVAL_MS, check);
  };
  client.loop.after(INTERVAL_MS, check);
}
