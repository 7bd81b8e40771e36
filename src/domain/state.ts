// States of a domain and why it is in them, in the words of virsh and of status files.

export const DOMAIN_STATES = ['no state', 'running', 'idle', 'paused', 'in shutdown', 'shut off', 'crashed', 'pmsuspended'] as const;
export type DomainState = (typeof DOMAIN_STATES)[number];

const REASONS = {
  'no state': ['unknown'],
  running: [
    'unknown',
    'booted',
    'migrated',
    'restored',
    'from snapshot',
    'unpaused',
    'migration canceled',
    'save canceled',
    'event wakeup',
    'crashed',
    'post-copy',
    'post-copy failed',
  ],
  idle: ['unknown'],
  paused: [
    'unknown',
    'user',
    'migrating',
    'saving',
    'dumping',
    'I/O error',
    'watchdog',
    'from snapshot',
    'shutting down',
    'creating snapshot',
    'crashed',
    'starting up',
    'post-copy',
    'post-copy failed',
    'api error',
  ],
  'in shutdown': ['unknown', 'user'],
  'shut off': ['unknown', 'shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from snapshot', 'daemon'],
  crashed: ['unknown', 'panicked'],
  pmsuspended: ['unknown'],
} as const satisfies Record<DomainState, readonly string[]>;

/** The words of `domstate --reason` for a state, by libvirt's number. */
export function reasonsOf(state: DomainState): readonly string[] {
  return REASONS[state];
}

/** libvirt's number of a state (virDomainState). */
export function stateNumber(state: DomainState): number {
  return DOMAIN_STATES.indexOf(state);
}

/** libvirt's number of a reason; that of `unknown` for a word that is none. */
export function reasonNumber(state: DomainState, reason: string): number {
  return Math.max(0, REASONS[state].indexOf(reason as never));
}
