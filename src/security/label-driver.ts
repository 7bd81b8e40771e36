// What a kernel's way of labelling (SELinux, AppArmor) does for containers: the part of sVirt that differs from one to the other.
import type { DomainDefinition, Seclabel } from '../domain/definition.ts';

export interface LabelDriver {
  /** As in <seclabel model=''> and in capabilities. */
  readonly model: 'selinux' | 'apparmor';
  /** What a container gets where the definition says nothing: capabilities' <baselabel type='lxc'>. */
  baselabel(): string | undefined;
  /**
   * The label of a run: that of a definition with what was chosen for it, `label` and `imagelabel`. Nothing is changed on the host.
   * Throws LibvirtError with libvirt's words for a label that cannot be had.
   */
  choose(definition: DomainDefinition, seclabel: Seclabel): Seclabel;
  /** Makes the host ready for the label: files relabelled, profile loaded. Throws LibvirtError; then nothing is left of it. */
  prepare(live: DomainDefinition, seclabel: Seclabel): void;
  /** The opposite, also after the death of whoever prepared; what cannot be undone is logged. */
  release(live: DomainDefinition, seclabel: Seclabel): void;
  /** Options of the mounts that are made for a container (`context="..."`). */
  mountOptions(seclabel: Seclabel): Record<string, string>;
  /** What is written where, below /proc/thread-self, so that the next execve(2) takes on the label. */
  onExec(seclabel: Seclabel): { file: string; text: string };
  /** Of a running process. Throws SYSTEM_ERROR. */
  labelOf(pid: number): { label: string; isEnforcing: boolean };
}
