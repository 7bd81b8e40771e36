// What virsh's commands have beyond those of any shell: a connection, and options that many of them share.

import type { Connection } from '../driver/connection.ts';
import type * as vsh from '../vsh/command.ts';
import { excludes, type Handler, type OptionRule } from '../vsh/command.ts';
import { type Following, followingCommand, type Reading, readingCommand } from '../vsh/reading.ts';

export type { Arguments, CommandTable, GivenValues, GroupDefinition, OptionRule, Outcome } from '../vsh/command.ts';
export { excludes, failure, needs } from '../vsh/command.ts';

/** What a handler may do besides calling the driver. Warnings stand in the domain's log, too (store/log.ts). */
export interface CommandContext extends vsh.CommandContext {
  readonly settings: Settings;
  /** Opened before the handler runs, unless the command says `connection: false`. */
  readonly connection: Connection;
  /** Replaces the connection. Without a URI the new one has the same, and stays read-only if the old one was. */
  connect(uri: string | undefined, readonly: boolean): Promise<void>;
}

/** The global options. */
export interface Settings extends vsh.Settings {
  readonly uri: string | undefined;
  /** The URI was given by -c. */
  readonly connectsFirst: boolean;
  readonly readonly: boolean;
  /** The byte that ends a console, and how it is spelt (`^]`). */
  readonly escape: { readonly byte: number; readonly text: string };
}

export type DomainKind = 'domain' | `${'active' | 'running' | 'paused' | 'inactive' | 'persistent'}-domain`;
export type NetworkKind = 'network' | `${'active' | 'inactive' | 'persistent'}-network`;
export type PoolKind = 'pool' | `${'active' | 'inactive' | 'persistent'}-pool`;

/** What candidates.ts can list. Devices, ports and leases are those of the domain or network that the command names before. */
export type CandidateKind =
  | DomainKind
  | 'console'
  | 'domain-root'
  | 'disk'
  | 'interface'
  | 'interface-device'
  | 'interface-mac'
  | 'interface-source'
  | NetworkKind
  | PoolKind
  | 'volume'
  | 'network-port'
  | 'lease-mac';

export interface OptionDefinition extends vsh.OptionDefinition {
  readonly completes?: 'command' | 'file' | 'directory' | CandidateKind | readonly string[];
}

export interface CommandDefinition extends vsh.CommandDefinition {
  /** False: works without a connection. */
  readonly connection?: boolean;
  /** False: looks at no domain or network, so that it works while a libvirtd has them. */
  readonly store?: boolean;
}

/** Types the handler's arguments by the options. */
export function defineCommand<const Options extends readonly OptionDefinition[]>(
  definition: Omit<CommandDefinition, 'options' | 'run'> & { readonly options: Options; readonly run: Handler<Options, CommandContext> },
): CommandDefinition {
  // The parser builds exactly what `Options` describes, and the session (session.ts) is a context of virsh's.
  return definition as unknown as CommandDefinition;
}

interface Needs {
  readonly connection?: boolean;
  readonly store?: boolean;
}

/** The same for a command that tells facts: its text, and its JSON. */
export const defineReading = <const Options extends readonly OptionDefinition[], Data>(
  reading: Reading<Options, CommandContext, Data> & Needs,
): CommandDefinition => readingCommand(reading) as CommandDefinition;

/** The same for a command that tells facts as they come. */
export const defineFollowing = <const Options extends readonly OptionDefinition[], Item>(
  following: Following<Options, CommandContext, Item> & Needs,
): CommandDefinition => followingCommand(following) as CommandDefinition;

/** The first operand of most commands; `completes` tells which domains the command is for. */
export function domainOption({ completes = 'domain', help = 'domain name, id or uuid' }: { completes?: DomainKind; help?: string } = {}) {
  return { name: 'domain', type: 'string', required: true, completes, help } as const;
}

/** That of a command which needs the container. */
export const activeDomainOption = () => domainOption({ completes: 'active-domain' });

/** --config, --live and --current, in this order. */
export function configLiveCurrent(kind: 'domain' | 'network' = 'domain') {
  const active = kind === 'domain' ? 'the running domain' : 'the active network';
  const otherwise = kind === 'domain' ? 'it does not run' : 'it is not active';
  return [
    { name: 'config', type: 'bool', help: 'affect the stored definition, used from the next start on' },
    { name: 'live', type: 'bool', help: `affect ${active}` },
    { name: 'current', type: 'bool', help: `affect ${active}, or the stored definition if ${otherwise} (default)` },
  ] as const;
}

/** The rules of `configLiveCurrent`. */
export const CURRENT_EXCLUDES: readonly OptionRule[] = [excludes('current', 'live'), excludes('current', 'config')];
