// Every change of a domain's state, and what is written of it for others to see: its status, how it ended, events, hook scripts.
// One table says what and in which order; nothing else in src/ writes any of these for a change of state. So it is with the records
// of the host's audit log, as far as they are of changes of state (records of devices that come and go: driver/domain/change.ts).

import type { DomainDefinition } from '../domain/definition.ts';
import { formatDomain } from '../domain/format.ts';
import type { DomainRef } from '../domain/ref.ts';
import type { DomainStatus, LiveDomain } from '../domain/status.ts';
import { failureInSync } from '../errors.ts';
import { hookScripts } from '../host/hooks.ts';
import type { ProcessIdentity } from '../host/process.ts';
import { runHooks } from '../host/run-hooks.ts';
import type { StartReason } from '../security/audit/records.ts';
import { recordEnd } from '../store/console-record.ts';
import { isDefined } from '../store/definitions.ts';
import { saveStatus } from '../store/domain-documents.ts';
import { recordEvent } from '../store/events.ts';
import { type EndReason, removeEnd, removeStatus, writeEnd, writeKill } from '../store/live-status.ts';
import { noteInLog, warn } from '../store/log.ts';
import { paths } from '../store/paths.ts';
import { ChangeAudit } from './change-audit.ts';

/** How a domain came to be off. */
export interface End {
  reason: EndReason;
  /** A sentence for the log and for whoever asks why. */
  why: string;
  /** Init's (wait(2)), where it is known. */
  waitStatus?: number;
}

/** What the writes of a change are made from: each takes what it needs. */
export interface Facts {
  /** For hooks. */
  live?: DomainDefinition;
  /** For a status of which the table says state and reason. */
  running?: LiveDomain;
  /** For one that is written as it is. */
  status?: DomainStatus;
  /** What was to be started. */
  stored?: DomainDefinition;
  end?: End;
  /** Of the container whose init is about to be killed. */
  controller?: ProcessIdentity;
}

type Operation = 'prepare' | 'start' | 'started' | 'stopped' | 'release';

type Write =
  /** Runs the scripts with `live`. One that fails calls a start off; it keeps no container from being over. */
  | `hook ${Operation}`
  /** Writes what runs (`running`) with this state and reason. Where that is only wanted, one that cannot be written is warned of. */
  | `status ${DomainStatus['state']}, ${string}`
  | `wanted status ${DomainStatus['state']}, ${string}`
  /** Throws where nothing may begin without an audit record that cannot be had. */
  | 'records possible'
  /** The same as a status, of one whose start is to be put on record. */
  | `due status ${DomainStatus['state']}, ${string}; start ${StartReason}`
  /** Puts on record what such a one was given, and its start; between the two its status ceases to say that this is to be done. */
  | 'record of grants'
  | 'status without due'
  | 'record of start'
  /** … one that failed, of `stored`. */
  | `record of failed start ${StartReason}`
  /** … and the end (`end`), after a start that should have been recorded (`status`). */
  | 'record of stop'
  /** Writes `status`: where what was begun has failed already, or because it has the stored definition now. */
  | 'status as before'
  | 'status with config'
  | 'no status'
  /** Writes `end`, for `domstate --reason` and in the log. A domain that is not defined is gone, and has none. */
  | 'end'
  | 'no end'
  /** Notes that init is about to be killed, and by whom (`controller`): what follows its death must know, also if the command is dead. */
  | `note of ${'destroy' | 'signal'}`
  | `event ${'Defined' | 'Undefined' | 'Started' | 'Suspended' | 'Resumed' | 'Stopped'} ${string}`
  | 'event reboot';

/** The moments of a change, in their order, and what is written at each. What is done between them is the caller's. */
type Change = Readonly<Record<string, readonly Write[]>>;

/** Whoever dies in between has not recorded the start, rather than leaves it to be recorded twice. */
const RECORD_OF_START = ['record of grants', 'status without due', 'record of start'] as const satisfies readonly Write[];

/**
 * From `ready` on the domain exists, whoever dies: its init waits for no more than a word. Its start is recorded once it is sure; should
 * the command die before that, whoever clears up or changes the domain next reads in its status that it is not.
 */
const start = (status: Write, event: Write) =>
  ({
    allowed: ['records possible'],
    prepare: ['hook prepare'],
    start: ['hook start'],
    ready: [status],
    done: ['hook started', 'no end', event, ...RECORD_OF_START],
  }) as const satisfies Change;

/**
 * Between the two moments all that the container had is given back. Its status goes last: until then others find it and clear up.
 * Whoever dies between the record and that leaves it to be recorded twice: better than not at all.
 */
const end = (detail: string) =>
  ({
    over: ['hook stopped'],
    released: ['hook release', 'end', 'record of stop', 'no status', `event Stopped ${detail}`],
  }) as const satisfies Change;

export const TRANSITIONS = {
  running: {
    booted: start('due status running, booted; start booted', 'event Started Booted'),
    /** Started again after its end, as its definition says. */
    rebooted: start('due status running, booted; start reboot', 'event reboot'),
    /** Its start was to be recorded by a command that is dead. */
    'recorded late': { done: RECORD_OF_START },
    /** Thawed before it is said: who finds `paused` looks at the cgroup. So it runs, whatever can be written. */
    unpaused: { done: ['wanted status running, unpaused', 'event Resumed Unpaused'] },
  },
  paused: {
    'starting up': start('due status paused, starting up; start booted', 'event Started Booted'),
    /** Said before it is frozen: what is frozen is known to be. */
    user: { asked: ['status paused, user'], refused: ['status as before'], done: ['event Suspended Paused'] },
  },
  'shut off': {
    shutdown: { killing: ['note of signal'], ...end('Shutdown') },
    destroyed: { killing: ['note of destroy'], survived: ['no end'], ...end('Destroyed') },
    crashed: end('Crashed'),
    failed: end('Failed'),
    /** To be `rebooted` at once: until then its status stays, by which it is found, and its end is no event. It is recorded with what follows. */
    rebooting: { over: ['hook stopped'], released: ['hook release', 'end'] },
    /** A start that failed, or that was refused before anything was done for it. */
    'not booted': {
      refused: ['record of failed start booted', 'end'],
      failed: ['no status', 'hook stopped', 'hook release', 'record of failed start booted', 'end'],
    },
    'not rebooted': {
      refused: ['record of failed start reboot', 'end', 'no status', 'event Stopped Failed'],
      failed: ['record of failed start reboot', 'no status', 'hook stopped', 'hook release', 'end', 'event Stopped Failed'],
    },
    /** Known by its name alone: its status cannot be read. */
    damaged: { released: ['end', 'record of stop', 'no status'] },
  },
  defined: {
    /** A killed undefine may have left the end of another domain. */
    added: { before: ['no end'], done: ['event Defined Added'] },
    updated: { before: [], done: ['event Defined Updated'] },
    /** Its end goes to the new name with all else that is stored (store/change-repair.ts). */
    renamed: { done: ['event Defined Renamed'] },
  },
  undefined: {
    'while off': { before: [], done: ['event Undefined Removed', 'no end'] },
    /** What was stored stays the configuration of the domain that runs. */
    'while running': { before: ['status with config'], done: ['event Undefined Removed'] },
    /** It runs, but its status or what was stored cannot be read. */
    'while damaged': { before: [], done: ['event Undefined Removed'] },
  },
} as const satisfies Record<string, Record<string, Change>>;

type Table = typeof TRANSITIONS;
export type State = keyof Table;
export type Reason<S extends State> = keyof Table[S] & string;
export type Moment<S extends State, R extends Reason<S>> = keyof Table[S][R] & string;

export interface Transition<M extends string> {
  /** Writes what belongs to this moment. `more` is known only now. */
  at(moment: M, more?: Facts): void;
}

/**
 * A change of `domain` to the state `to`, because of `reason`. The caller holds the domain's lock.
 * Throws HOOK_SCRIPT_FAILED where a hook may call it off, and SYSTEM_ERROR where a status cannot be written that has to be.
 */
export function transition<S extends State, R extends Reason<S>>(
  domain: DomainRef,
  to: S,
  reason: R,
  facts: Facts = {},
): Transition<Moment<S, R>> {
  const change: Change = (TRANSITIONS[to] as Record<string, Change>)[reason]!;
  const audit = new ChangeAudit(domain);
  return {
    at: (moment, more) => {
      for (const one of change[moment]!) write(domain, one, { ...facts, ...more }, audit);
    },
  };
}

function write(domain: DomainRef, what: Write, facts: Facts, audit: ChangeAudit): void {
  const { name } = domain;
  switch (what) {
    case 'records possible':
      audit.require();
      break;
    case 'record of grants':
      audit.recordGrants(facts.status);
      break;
    case 'status without due': {
      const recorded = audit.recorded(facts.status);
      if (recorded) failureInSync(() => saveStatus(recorded));
      break;
    }
    case 'record of start':
      audit.recordStart(facts.status);
      break;
    case 'record of failed start booted':
    case 'record of failed start reboot':
      audit.recordFailedStart(needed(facts, 'stored'), facts.live, what.endsWith('reboot') ? 'reboot' : 'booted');
      break;
    case 'record of stop':
      audit.recordStop(needed(facts, 'end').reason, facts.status);
      break;
    case 'no status':
      removeStatus(name);
      break;
    case 'status with config':
      saveStatus(needed(facts, 'status'));
      break;
    case 'status as before':
      failureInSync(() => saveStatus(needed(facts, 'status')));
      break;
    case 'end':
      rememberEnd(name, needed(facts, 'end'));
      break;
    case 'no end':
      removeEnd(name);
      break;
    case 'note of destroy':
    case 'note of signal':
      writeKill({ name, controller: needed(facts, 'controller') }, what === 'note of destroy' ? 'destroy' : 'signal');
      break;
    default: {
      const [kind, ...words] = what.split(' ');
      if (kind === 'hook') hook(domain, words[0] as Operation, facts);
      else if (kind === 'event') event(domain, words, facts.end?.waitStatus);
      else status(domain, what, facts, audit);
    }
  }
}

function status({ name }: DomainRef, what: string, facts: Facts, audit: ChangeAudit): void {
  const [, isWanted, state, reason, startReason] = /^(wanted )?(?:due )?status (\w+), (.*?)(?:; start (\w+))?$/.exec(what)!;
  const written: DomainStatus = { ...needed(facts, 'running'), state: state as DomainStatus['state'], reason: reason! };
  const failure = failureInSync(() => saveStatus(startReason ? audit.due(written, startReason as StartReason) : written));
  if (failure && !isWanted) throw failure;
  if (failure) warn(name, `it is ${state} (${reason}), but ${failure.message}`);
}

function hook({ name }: DomainRef, operation: Operation, facts: Facts): void {
  const scripts = hookScripts(paths.hooks, 'lxc');
  if (scripts.length === 0) return;
  const xml = formatDomain(needed(facts, 'live'), { live: true });
  if (operation === 'stopped' || operation === 'release') failureInSync(() => runHooks(scripts, name, [operation, 'end'], xml));
  else runHooks(scripts, name, [operation, 'begin'], xml);
}

function event({ name, uuid }: DomainRef, [kind, detail]: readonly string[], waitStatus: number | undefined): void {
  if (kind === 'reboot') recordEvent({ domain: name, uuid, event: 'reboot' });
  else {
    const isEnd = kind === 'Stopped' && waitStatus !== undefined;
    recordEvent({ domain: name, uuid, event: 'lifecycle', kind: kind!, detail: detail!, ...(isEnd && { waitStatus }) });
  }
}

/** A full disk does not keep a domain from being off. */
function rememberEnd(name: string, { reason, why }: End): void {
  noteInLog(name, `ended (${reason}): ${why.trim()}`);
  recordEnd(name, `ended (${reason}): ${why.trim()}`);
  if (!isDefined(name) || failureInSync(() => writeEnd(name, reason, why))) removeEnd(name); // better none than the last one's
}

function needed<F extends keyof Facts>(facts: Facts, name: F): NonNullable<Facts[F]> {
  const fact = facts[name];
  if (fact == null) throw new Error(`a change of state wants '${name}'`);
  return fact;
}
