// <on_poweroff>, <on_reboot>, <on_crash>, <on_lockfailure>.

import { libvirtError } from '../../errors.ts';
import { childText, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, LifecycleAction } from '../definition.ts';

export const LIFECYCLE_ACTIONS: readonly LifecycleAction[] = [
  'destroy',
  'restart',
  'rename-restart',
  'preserve',
  'coredump-destroy',
  'coredump-restart',
];
const LOCKFAILURE_ACTIONS = ['poweroff', 'restart', 'pause', 'ignore'];

type Lifecycle = Pick<DomainDefinition, 'onPoweroff' | 'onReboot' | 'onCrash' | 'onLockfailure'>;

export function parseLifecycle(domain: XmlElement): Lifecycle {
  const lifecycle: Lifecycle = {
    onReboot: parseAction(domain, 'on_reboot', 'restart'),
    onPoweroff: parseAction(domain, 'on_poweroff', 'destroy'),
    onCrash: parseAction(domain, 'on_crash', 'destroy'),
  };
  const lockfailure = childText(domain, 'on_lockfailure');
  if (lockfailure !== undefined && !LOCKFAILURE_ACTIONS.includes(lockfailure)) throw unknownAction('on_lockfailure', lockfailure);
  if (lockfailure !== undefined) lifecycle.onLockfailure = lockfailure;
  return lifecycle;
}

function parseAction(domain: XmlElement, name: string, fallback: LifecycleAction): LifecycleAction {
  const text = childText(domain, name);
  if (text === undefined) return fallback;
  const action = LIFECYCLE_ACTIONS.find((known) => known === text);
  if (action === undefined) throw unknownAction(name, text);
  return action;
}

function unknownAction(name: string, text: string): Error {
  return libvirtError('CONFIG_UNSUPPORTED', `unknown ${name} action: ${text}`);
}

export const LIFECYCLE_FIELDS = { poweroff: 'onPoweroff', reboot: 'onReboot', crash: 'onCrash' } as const;
export type LifecycleEvent = keyof typeof LIFECYCLE_FIELDS;

/** Core dumps are for crashes only. */
export function validateLifecycle({ onPoweroff, onReboot }: Lifecycle): void {
  for (const [event, action] of [
    ['poweroff', onPoweroff],
    ['reboot', onReboot],
  ])
    if (action?.startsWith('coredump'))
      throw libvirtError('CONFIG_UNSUPPORTED', `Lifecycle event '${event}' doesn't support '${action}' action`);
}

export function writeLifecycle(writer: XmlWriter, definition: DomainDefinition): void {
  writer.text('on_poweroff', definition.onPoweroff);
  writer.text('on_reboot', definition.onReboot);
  writer.text('on_crash', definition.onCrash);
  writer.text('on_lockfailure', definition.onLockfailure);
}
