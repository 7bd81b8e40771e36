// What a domain is kept from, as its definition and lxc.conf have it, or as it runs.
import { hasIdsChosen } from '../../container/automatic-ids.ts';
import type { DomainDefinition, SecurityLevel } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { containment } from '../../security/containment.ts';
import { securityLevel } from '../../security/level.ts';
import type { SyscallFilter } from '../../security/seccomp/rules.ts';
import { loadDefinition, loadStatus } from '../../store/domain-documents.ts';
import { liveStatus } from '../../store/live-status.ts';
import type { Connection } from '../connection.ts';

export interface DomainContainment {
  level: SecurityLevel;
  filter: SyscallFilter | undefined;
  /** That of the security driver: of a definition, or of a run. */
  label: string | undefined;
  idmap: DomainDefinition['idmap'];
  /** The ids are, or will be, chosen by a start. */
  hasIdsChosen: boolean;
}

export function domainContainment(_connection: Connection, ref: DomainRef): DomainContainment {
  const record = liveStatus(ref.name);
  const status = record && loadStatus(record);
  const domain = status?.domain ?? loadDefinition(ref.name);
  const level = status ? (status.level ?? 'libvirt') : securityLevel(domain);
  return {
    level,
    filter: containment(domain, level).filter,
    label: domain.seclabels.find(({ label }) => label !== undefined)?.label,
    idmap: domain.idmap,
    hasIdsChosen: status ? status.automaticIds === true : hasIdsChosen(domain),
  };
}
