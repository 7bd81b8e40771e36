// From a frame to the procedure that it calls, and back to a frame.

import { linux } from '../../lib-native/linux.ts';
import type { ClientConnection } from './connection.ts';
import { protocolError, refusal, toWire, type WireError, wireError } from './errors.ts';
import { type Frame, type Header, KIND, STATUS } from './frame.ts';
import type { Context, Procedure, Program } from './procedure.ts';
import type { LongCall } from './workers.ts';
import { STRING_MAX, XdrError, XdrReader, type XdrWriter } from './xdr.ts';

/** The longest payload of a call: a document, and what else its procedure says. */
const CALL_MAX = STRING_MAX + (256 << 10);

export class Dispatcher {
  readonly #programs: readonly Program[];
  readonly #takeLong: ((call: LongCall) => boolean) | undefined;

  /** `takeLong`: has a call that may take long done elsewhere, if it can be. */
  constructor(programs: readonly Program[], takeLong?: (call: LongCall) => boolean) {
    this.#programs = programs;
    this.#takeLong = takeLong;
  }

  /** How much is read of a frame. Of a stream that is not open, nothing. */
  mostOf(client: ClientConnection, { kind, serial }: Header): number {
    if (kind !== KIND.stream && kind !== KIND.streamHole) return CALL_MAX;
    return client.streams.has(serial) ? CALL_MAX : 0;
  }

  async handle(client: ClientConnection, frame: Frame, fds: number[]): Promise<void> {
    try {
      await this.#handle(client, frame, fds);
    } finally {
      for (const fd of fds) linux.close(fd);
    }
  }

  async #handle(client: ClientConnection, frame: Frame, fds: number[]): Promise<void> {
    const { header, payload } = frame;
    switch (header.kind) {
      case KIND.call:
      case KIND.callWithFds:
        return this.#call(client, frame, fds);
      case KIND.stream:
        return this.#stream(client, header, payload);
      case KIND.streamHole:
        return payload && client.streams.get(header.serial)?.onHole?.(payload);
      case KIND.message:
        return this.#programOf(header)?.onMessage?.(client, header);
      default:
        client.close(); // a client has nothing to reply to
    }
  }

  #programOf({ program, version }: Header): Program | undefined {
    return this.#programs.find((known) => known.number === program && known.version === version);
  }

  async #call(client: ClientConnection, frame: Frame, fds: number[]): Promise<void> {
    const { header, payload } = frame;
    const reply = (error: WireError) => client.send(answerTo(header, STATUS.error), (to) => wireError.write(to, error));
    const procedure = await this.#procedureOf(header);
    if ('message' in procedure) return reply(procedure);
    if (this.#isTaken(client, procedure, frame, fds)) return;
    await run(procedure, { client, header, fds, replyFds: [] }, payload, reply);
  }

  /** Whoever may change nothing is refused at once. */
  #isTaken({ driver }: ClientConnection, procedure: Procedure, { header, payload, fdCount }: Frame, fds: number[]): boolean {
    if (!this.#takeLong || !driver || driver.readonly || !payload || fds.length !== fdCount) return false;
    const program = this.#programOf(header);
    if (!program?.long?.has(header.procedure)) return false;
    const args = unlessUnreadable(() => decode(header, procedure, payload));
    if (args === undefined) return false;
    if (!this.#takeLong({ header, payload, fds: [...fds], lasts: program.lasts?.(header.procedure, args) === true })) return false;
    fds.length = 0;
    return true;
  }

  /** What is called, or what is to be said instead. */
  async #procedureOf(header: Header): Promise<Procedure | WireError> {
    const { program: number, version, procedure: called, status } = header;
    const program = this.#programOf(header);
    if (!program) return protocolError(`Cannot find program ${number} version ${version}`);
    if (status !== STATUS.ok) return protocolError(`Unexpected message status ${status}`);
    const atHand = program.procedures.get(called);
    if (atHand) return atHand;
    const rest = await program.rest?.();
    const found = await rest?.procedure(called);
    if (found) return found;
    const api = await rest?.apiName(called);
    return api === undefined ? protocolError(`unknown procedure: ${called}`) : refusal(api);
  }

  async #stream(client: ClientConnection, header: Header, payload: Buffer | undefined): Promise<void> {
    const stream = client.streams.get(header.serial);
    if (!stream || !payload) return; // it may have ended while this was on its way
    if (header.status === STATUS.continue) return stream.onData(payload);
    client.streams.delete(header.serial);
    await stream.onFinish(header, header.status === STATUS.error);
  }
}

async function run(procedure: Procedure, context: Context, payload: Buffer | undefined, reply: (error: WireError) => void): Promise<void> {
  const { client, header, replyFds } = context;
  try {
    const args = decode(header, procedure, payload) as never;
    const result = await procedure.run(context, args);
    client.send(
      answerTo(header, STATUS.ok, replyFds.length > 0),
      (to) => {
        if (replyFds.length > 0) to.uint(replyFds.length);
        encode(procedure, to, result);
      },
      replyFds,
    );
  } catch (error) {
    reply(error instanceof XdrError ? protocolError(error.message) : toWire(error, procedure.driver ?? 'lxc'));
  }
}

export const answerTo = (header: Header, status: number, hasFds = false): Header => ({
  ...header,
  kind: hasFds ? KIND.replyWithFds : KIND.reply,
  status,
});

function unlessUnreadable(read: () => unknown): object | undefined {
  try {
    return read() as object;
  } catch (error) {
    if (error instanceof XdrError) return undefined;
    throw error;
  }
}

/** Throws XdrError. */
function decode({ kind }: Header, { args }: Procedure, payload: Buffer | undefined): unknown {
  if (!payload) throw new XdrError('Unable to decode message payload');
  const reader = new XdrReader(payload);
  if (kind === KIND.callWithFds) reader.uint();
  try {
    return args.read(reader);
  } catch (error) {
    if (error instanceof XdrError) throw new XdrError('Unable to decode message payload');
    throw error;
  }
}

function encode({ result: type }: Procedure, to: XdrWriter, result: unknown): void {
  try {
    type.write(to, result);
  } catch (error) {
    if (error instanceof XdrError) throw new XdrError('Unable to encode message payload');
    throw error;
  }
}
