// What becomes of a domain when it ends: set-lifecycle-action.

import type { LifecycleAction } from '../../domain/definition.ts';
import { LIFECYCLE_FIELDS, type LifecycleEvent, validateLifecycle } from '../../domain/elements/lifecycle.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { type Connection, requireWritable } from '../connection.ts';
import { requireBeyondLibvirt } from '../functions.ts';
import { type Affect, changeAffected } from './affect.ts';
import { changeDomain } from './change.ts';

/** Throws CONFIG_UNSUPPORTED for an action that the event cannot have. */
export function setLifecycleAction(
  connection: Connection,
  ref: DomainRef,
  event: LifecycleEvent,
  action: LifecycleAction,
  affect: Affect,
): void {
  requireWritable(connection, 'virDomainSetLifecycleAction');
  requireBeyondLibvirt('virDomainSetLifecycleAction');
  changeDomain(connection, ref, (image) =>
    changeAffected(image, affect, (definition) => {
      const changed = { ...definition, [LIFECYCLE_FIELDS[event]]: action };
      validateLifecycle(changed);
      return changed;
    }),
  );
}
