// virsh's session: the connection that commands run on, and what its prompt and completion say of it.

import type { Connection } from '../driver/connection.ts';
import { inContext, libvirtError, withContext } from '../errors.ts';
import type { DebugLog } from '../vsh/debug-log.ts';
import type { Output } from '../vsh/output.ts';
import { type ParsedCommand, wordsOf } from '../vsh/parse.ts';
import { Session } from '../vsh/session.ts';
import type { CandidateKind, CommandContext, CommandDefinition, CommandTable, GivenValues, Settings } from './command.ts';
import { PROGRAM } from './program-name.ts';
import type { Remote } from './remote.ts';

export class VirshSession extends Session implements CommandContext {
  readonly program = PROGRAM;
  declare readonly settings: Settings;
  private opened: Connection | undefined;
  /** The host to which `connect` led: there is no connection then, each command goes there by itself. */
  private remote: Remote | undefined;
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
    const remote = await remoteFor(uri ?? this.uri);
    if (remote) await this.reach(remote, staysReadonly);
    else this.opened = await openConnection(uri ?? this.uri, staysReadonly, origin);
    this.remote = remote;
    this.uri = uri ?? this.uri;
    this.uriOrigin = origin;
    this.isReadonly = staysReadonly;
  }

  /** Closes the connection that is open: what was started to end with it ends. */
  private async leave(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    this.remote = undefined;
    if (opened && opened.autodestroyed.length > 0) await (await import('../driver/domain/autodestroy.ts')).endSession(opened);
  }

  /** Tries whether commands can be run there. */
  private async reach(remote: Remote, readonly: boolean): Promise<void> {
    this.flush();
    const { runThere } = await import('./remote.ts');
    const status = await runThere(remote, readonly ? ['-r'] : [], ['-q', 'connect'], { leavesInput: true });
    if (status !== 0)
      throw inContext('failed to connect to the hypervisor', libvirtError('OPERATION_FAILED', `no virsh-lxc on '${remote.host}'`));
  }

  protected override async runOne(command: ParsedCommand & { definition: CommandDefinition }): Promise<boolean> {
    if (!this.remote || command.definition.connection === false) return super.runOne(command);
    const { quiet, timing } = this.settings;
    const globals = [...(quiet ? ['-q'] : []), ...(timing ? ['-t'] : []), ...(this.isReadonly ? ['-r'] : [])];
    this.flush();
    try {
      const { runThere } = await import('./remote.ts');
      const status = await runThere(this.remote, globals, wordsOf(command), { leavesInput: true });
      this.exitStatus = status > 1 ? status : undefined;
      return status === 0;
    } catch (error) {
      this.report(error);
      return false;
    }
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
    if (this.remote) return [];
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

/** Where a URI leads by ssh, if it does. */
export async function remoteFor(uri: string | undefined): Promise<Remote | undefined> {
  if (uri === undefined || uri.startsWith('lxc:')) return undefined;
  const { resolveAlias } = await import('../driver/connection.ts');
  const resolved = resolveAlias(uri);
  if (!resolved.startsWith('lxc+ssh:')) return undefined;
  const { remoteOf } = await import('./remote.ts');
  return await withContext('failed to connect to the hypervisor', () => remoteOf(resolved));
}

async function openConnection(uri: string | undefined, readonly: boolean, origin: string | undefined): Promise<Connection> {
  try {
    const driver = await import('../driver/connection.ts');
    return await driver.openConnection(uri, { readonly, origin });
  } catch (error) {
    throw inContext('failed to connect to the hypervisor', error);
  }
}
