// virsh's session: the connection that commands run on, and what its prompt and completion say of it.

import type { Connection } from '../driver/connection.ts';
import { inContext } from '../errors.ts';
import type { DebugLog } from '../vsh/debug-log.ts';
import type { Output } from '../vsh/output.ts';
import { Session } from '../vsh/session.ts';
import type { CandidateKind, CommandContext, CommandDefinition, CommandTable, GivenValues, Settings } from './command.ts';
import { PROGRAM } from './program-name.ts';

export class VirshSession extends Session implements CommandContext {
  readonly program = PROGRAM;
  declare readonly settings: Settings;
  private opened: Connection | undefined;
  private uri: string | undefined;
  /** What said the URI, where no user did. */
  private uriOrigin: string | undefined;
  private isReadonly: boolean;

  constructor(output: Output, settings: Settings, table: CommandTable, log: DebugLog | undefined) {
    super(output, settings, table, log);
    this.uri = settings.uri;
    this.uriOrigin = settings.connectsFirst ? undefined : 'VIRSH_DEFAULT_CONNECT_URI';
    this.isReadonly = settings.readonly;
  }

  get connection(): Connection {
    if (!this.opened) throw new Error('a command without connection asked for it');
    return this.opened;
  }

  /** Tells the connection's state, or what it will be. */
  get prompt(): string {
    return this.isReadonly ? 'virsh > ' : 'virsh # ';
  }

  async connect(uri: string | undefined, readonly: boolean): Promise<void> {
    const staysReadonly = readonly || (uri === undefined && this.isReadonly);
    await this.leave();
    const origin = uri === undefined ? this.uriOrigin : undefined;
    this.opened = await openConnection(uri ?? this.uri, staysReadonly, origin);
    this.uri = uri ?? this.uri;
    this.uriOrigin = origin;
    this.isReadonly = staysReadonly;
  }

  /** Closes the connection that is open: what was started to end with it ends. */
  private async leave(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    if (opened && opened.autodestroyed.length > 0) await (await import('../driver/domain/autodestroy.ts')).endSession(opened);
  }

  /** Opens the connection unless it is open. */
  async ensureConnected(): Promise<Connection> {
    this.opened ??= await openConnection(this.uri, this.isReadonly, this.uriOrigin);
    return this.opened;
  }

  protected async prepare({ connection, store }: CommandDefinition): Promise<void> {
    if (connection === false) return;
    const opened = await this.ensureConnected();
    if (store !== false) await requireStore(opened);
  }

  async candidates(kind: string, given: GivenValues): Promise<readonly string[]> {
    const connection = await this.ensureConnected();
    const { candidates } = await import('./candidates.ts');
    // Commands of virsh name no other kind (command.ts).
    return await candidates(kind as CandidateKind, connection, given);
  }
}

async function requireStore(connection: Connection): Promise<void> {
  const driver = await import('../driver/connection.ts');
  try {
    await driver.requireStore(connection);
  } catch (error) {
    throw inContext('failed to connect to the hypervisor', error);
  }
}

async function openConnection(uri: string | undefined, readonly: boolean, origin: string | undefined): Promise<Connection> {
  try {
    const driver = await import('../driver/connection.ts');
    return await driver.openConnection(uri, { readonly, origin });
  } catch (error) {
    throw inContext('failed to connect to the hypervisor', error);
  }
}
