// The ids of a user namespace (user_namespaces(7)). Its child waits until they are written.
import fs from 'node:fs';
import type { DomainDefinition } from '../domain/definition.ts';
import { systemError } from '../errors.ts';
import { startupFailure } from './launch.ts';
import { idMapText } from './plan/idmap.ts';
import { hasUserNamespace } from './plan/namespaces.ts';

/** Does nothing for a container without a user namespace. */
export function mapIds(definition: DomainDefinition, initPid: number): void {
  if (!hasUserNamespace(definition)) return;
  const { uid, gid } = definition.idmap;
  for (const [file, ranges] of [['uid_map', uid] as const, ['gid_map', gid] as const]) {
    const target = `/proc/${initPid}/${file}`;
    try {
      fs.writeFileSync(target, idMapText(ranges));
    } catch (error) {
      throw startupFailure(systemError(`unable write to ${target}`, error).message, error);
    }
  }
}
