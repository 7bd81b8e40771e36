// One run of the program: the output, and the frame around every command.

import { asLibvirtError, LibvirtError } from '../errors.ts';
import { argumentsOf } from './arguments.ts';
import {
  type CommandContext,
  type CommandDefinition,
  type CommandTable,
  failure,
  type GivenValues,
  type Program,
  type Settings,
} from './command.ts';
import type { DebugLog } from './debug-log.ts';
import { nearest } from './nearest.ts';
import { type Output, OutputLost } from './output.ts';
import { type OnOption, type ParsedCommand, UnknownWord, type UsageError } from './parse.ts';

/** A program derives its own session: what commands need before they run, the prompt, what can be completed. */
export abstract class Session implements CommandContext {
  abstract readonly program: Program;
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
  /** Name of the command that runs. */
  private running = '';

  constructor(output: Output, settings: Settings, table: CommandTable, log: DebugLog | undefined) {
    this.output = output;
    this.settings = settings;
    this.table = table;
    this.log = log;
  }

  abstract get prompt(): string;

  /** Prepares what the command needs, or throws why it cannot run. */
  protected abstract prepare(command: CommandDefinition): Promise<void>;

  /** Lists what there is of a kind (OptionDefinition.completes). Throws LibvirtError if that cannot be known. */
  abstract candidates(kind: string, given: GivenValues): Promise<readonly string[]>;

  print(text: string): void {
    this.output.print(text);
  }

  printBytes(bytes: Buffer): void {
    this.output.printBytes(bytes);
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

  /** Runs the actions that commands registered for the end, and prints what was not printed yet. */
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
   * Runs the commands of one line; true if the last one that ran succeeded. Stops after one that leaves.
   * Throws only when standard output cannot be written.
   */
  async runAll(commands: readonly ParsedCommand[]): Promise<{ ok: boolean; leaving: boolean }> {
    let ok = true;
    for (const command of commands) {
      ok = await this.runOne(command);
      if (command.definition.leaves) return { ok, leaving: true };
    }
    return { ok, leaving: false };
  }

  protected async runOne(command: ParsedCommand): Promise<boolean> {
    const { definition } = command;
    this.running = definition.name;
    this.exitStatus = undefined;
    const start = this.settings.timing ? process.hrtime.bigint() : 0n;
    let ok = true;
    try {
      await this.prepare(definition);
      checkCombinations(command);
      ok = (await definition.run(this, argumentsOf(command))) !== false;
    } catch (error) {
      if (error instanceof OutputLost) throw error; // told where all output goes
      ok = false;
      this.report(error);
    }
    if (!definition.leaves) {
      if (this.settings.timing) {
        const elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
        this.print(`\n(Time: ${elapsedMs.toFixed(3)} ms)\n\n`);
      } else if (!isVerbatim(command)) {
        this.extra('\n');
      }
    }
    this.flush();
    return ok;
  }

  /** What is wrong with a command line; whoever sits at a terminal is told which words are like one that is not known. */
  reportUsage(error: UsageError): void {
    for (const line of error.lines) this.error(line);
    if (!(error instanceof UnknownWord) || !this.output.tellsPeople) return;
    const meant = error.meant.length > 0 ? error.meant : nearest(error.word, error.known);
    if (meant.length > 0) this.onNotice(`Did you mean ${meant.map((word) => `'${word}'`).join(' or ')}?`);
  }

  /** The two lines of an error: what was being done, and why it failed. */
  report(error: unknown): void {
    const known = asLibvirtError(error);
    if (!(error instanceof LibvirtError)) this.log?.stack(error);
    if (known.context) this.error(known.context);
    this.error(known.message);
  }
}

/** Checks only which options were given; the handler finds malformed values. */
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

const isVerbatim = ({ definition: { isVerbatim: told }, values }: ParsedCommand): boolean =>
  told === true || (told !== undefined && values.has(told.with));
