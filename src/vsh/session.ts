// One run of the program: the connection, the output, and the frame around every command.

import type { Connection } from '../driver/connection.ts';
import { asLibvirtError, inContext, LibvirtError } from '../errors.ts';
import { argumentsOf } from './arguments.ts';
import { type CommandContext, type CommandTable, failure, type Settings } from './command.ts';
import type { DebugLog } from './debug-log.ts';
import type { Output } from './output.ts';
import type { OnOption, ParsedCommand } from './parse.ts';

/** Commands after which nothing else of the line runs. */
const LEAVING = new Set(['quit', 'exit']);

export class Session implements CommandContext {
  readonly output: Output;
  readonly settings: Settings;
  readonly table: CommandTable;
  readonly onWaiting = (what: string): void => this.output.notice(what);
  readonly onNotice = (text: string): void => this.output.notice(text);
  readonly onWarning = (text: string): void => this.output.warning(text);
  /** What a command wants the program to exit with. */
  exitStatus: number | undefined;
  private readonly log: DebugLog | undefined;
  private readonly endings: (() => Promise<void>)[] = [];
  private opened: Connection | undefined;
  private uri: string | undefined;
  /** What said the URI, where no user did. */
  private uriOrigin: string | undefined;
  private isReadonly: boolean;
  /** Name of the command that runs. */
  private running = '';

  constructor(output: Output, settings: Settings, table: CommandTable, log: DebugLog | undefined) {
    this.output = output;
    this.settings = settings;
    this.table = table;
    this.log = log;
    this.uri = settings.uri;
    this.uriOrigin = settings.connectsFirst ? undefined : 'VIRSH_DEFAULT_CONNECT_URI';
    this.isReadonly = settings.readonly;
  }

  get connection(): Connection {
    if (!this.opened) throw new Error('a command without connection asked for it');
    return this.opened;
  }

  /** For the prompt: the connection's state, or what it will be. */
  get readonly(): boolean {
    return this.isReadonly;
  }

  print(text: string): void {
    this.output.print(text);
  }

  extra(text: string): void {
    if (!this.settings.quiet) this.output.print(text);
  }

  error(line: string): void {
    this.output.error(line);
    this.log?.error(line);
  }

  flush(): void {
    this.output.flush();
  }

  async connect(uri: string | undefined, readonly: boolean): Promise<void> {
    const staysReadonly = readonly || (uri === undefined && this.isReadonly);
    this.opened = undefined;
    const origin = uri === undefined ? this.uriOrigin : undefined;
    this.opened = await openConnection(uri ?? this.uri, staysReadonly, origin);
    this.uri = uri ?? this.uri;
    this.uriOrigin = origin;
    this.isReadonly = staysReadonly;
  }

  /** Opens the connection unless it is open. */
  async ensureConnected(): Promise<Connection> {
    this.opened ??= await openConnection(this.uri, this.isReadonly, this.uriOrigin);
    return this.opened;
  }

  debug(text: string): void {
    this.log?.write(1, text, (line) => this.print(line));
  }

  debugCommand(level: 0 | 1, text: string): void {
    this.log?.write(level, `${this.running}: ${text}`, (line) => this.print(line));
  }

  /** Tells the debug log of an option that was read. */
  readonly logOption: OnOption = (command, option, word) => {
    this.log?.option(command, option, word, (line) => this.print(line));
  };

  /** Does what commands left to be done when the session ends, and prints what was not printed yet. */
  async close(): Promise<void> {
    for (const action of this.endings.splice(0)) await action();
    this.flush();
  }

  exitWith(status: number): void {
    this.exitStatus = status;
  }

  atEnd(action: () => Promise<void>): void {
    this.endings.push(action);
  }

  /**
   * Runs the commands of one line; true if the last one that ran succeeded. Stops after quit and exit.
   * Throws only when standard output cannot be written.
   */
  async runAll(commands: readonly ParsedCommand[]): Promise<{ ok: boolean; leaving: boolean }> {
    let ok = true;
    for (const command of commands) {
      ok = await this.runOne(command);
      if (LEAVING.has(command.definition.name)) return { ok, leaving: true };
    }
    return { ok, leaving: false };
  }

  private async runOne(command: ParsedCommand): Promise<boolean> {
    const { definition } = command;
    this.running = definition.name;
    this.exitStatus = undefined;
    const start = this.settings.timing ? process.hrtime.bigint() : 0n;
    let ok = true;
    try {
      if (definition.connection !== false) {
        await this.ensureConnected();
        if (definition.store !== false) await requireStore();
      }
      checkCombinations(command);
      ok = (await definition.run(this, argumentsOf(command))) !== false;
    } catch (error) {
      ok = false;
      this.report(error);
    }
    if (!LEAVING.has(definition.name)) {
      if (this.settings.timing) {
        const elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
        this.print(`\n(Time: ${elapsedMs.toFixed(3)} ms)\n\n`);
      } else {
        this.extra('\n');
      }
    }
    this.flush();
    return ok;
  }

  /** The two lines of an error: what was being done, and why it failed. */
  report(error: unknown): void {
    const known = asLibvirtError(error);
    if (!(error instanceof LibvirtError)) this.log?.stack(error);
    if (known.context) this.error(known.context);
    this.error(known.message);
  }
}

async function requireStore(): Promise<void> {
  const driver = await import('../driver/connection.ts');
  try {
    driver.requireStore();
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

/** Looks only at which options are there: a malformed value is the handler's to find. */
function checkCombinations({ definition, values }: ParsedCommand): void {
  for (const { kind, option, other } of definition.rules ?? []) {
    if (!values.has(option) || values.has(other) === (kind === 'needs')) continue;
    throw failure(
      kind === 'needs'
        ? `Option --${other} is required by option --${option}`
        : `Options --${option} and --${other} are mutually exclusive`,
    );
  }
}
