// AppArmor: a container's processes have a profile of their own, `libvirt-UUID`, made of a template and loaded while it runs, or one
// that the administrator has loaded. Files have no labels.
import fs from 'node:fs';
import type { DomainDefinition, Seclabel } from '../../domain/definition.ts';
import type { DomainRef } from '../../domain/ref.ts';
import { libvirtError, systemError } from '../../errors.ts';
import { readIfThere } from '../../store/atomic-write.ts';
import { paths } from '../../store/paths.ts';
import type { LabelDriver, ProcessLabel } from '../label-driver.ts';
import { isLoaded, loadProfile, removeProfile, takesProfiles } from './policy.ts';
import { profileName, profileText } from './profile.ts';
import { defaultTemplate } from './template.ts';

export const apparmor: LabelDriver = {
  model: 'apparmor',
  isUsable: takesProfiles,
  baselabel: () => undefined,
  isLabel: isLoaded,
  choose,
  prepare,
  release,
  mountOptions: () => ({}),
  onExec: ({ label }) => (label === undefined ? undefined : { file: attribute('thread-self', 'exec'), text: `exec ${label}` }),
  labelOf,
};

function choose(definition: DomainDefinition, seclabel: Seclabel): Seclabel {
  switch (seclabel.type) {
    case 'dynamic': {
      if (seclabel.baselabel !== undefined) throw libvirtError('CONFIG_UNSUPPORTED', 'Cannot set a base label with AppArmour');
      const label = profileName(definition);
      return { ...seclabel, relabel: 'yes', label, imagelabel: label };
    }
    case 'static':
      if (!isLoaded(seclabel.label!)) throw libvirtError('XML_ERROR', `Invalid security label ${seclabel.label}`);
      return { ...seclabel, imagelabel: seclabel.label! };
    default:
      return seclabel;
  }
}

function prepare(live: DomainDefinition, { type, label }: Seclabel): void {
  if (type === 'dynamic' && label !== undefined)
    loadProfile(label, profileText(readIfThere(paths.apparmorTemplate) ?? defaultTemplate(), live));
}

function release({ uuid }: DomainRef, { type }: Seclabel): void {
  if (type === 'dynamic') removeProfile(profileName({ uuid }));
}

/** Kernels before 5.1 have it where other security modules have theirs. */
const attribute = (process: string, name: string): string =>
  `${process}/attr/${fs.existsSync('/proc/self/attr/apparmor') ? 'apparmor/' : ''}${name}`;

/** `libvirt-UUID (enforce)` */
function labelOf(pid: number): ProcessLabel {
  let current: string;
  try {
    current = fs.readFileSync(`/proc/${attribute(String(pid), 'current')}`, 'utf8').trimEnd();
  } catch (error) {
    throw systemError(`unable to get PID ${pid} security context`, error);
  }
  const [, label = current, mode] = /^(.*) \((\w+)\)$/s.exec(current) ?? [];
  return { label, isEnforcing: mode === 'enforce' };
}
