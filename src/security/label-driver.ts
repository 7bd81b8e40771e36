// What a kernel's way of labelling (SELinux, AppArmor) does for containers: the part of sVirt that differs from one to the other.
// labels.ts says which of them a host has, and when each of these is called.
import type { DomainDefinition, Seclabel } from '../domain/definition.ts';
import type { DomainRef } from '../domain/ref.ts';

export type LabelModel = 'selinux' | 'apparmor';

export interface LabelDriver {
  /** As in <seclabel model=''> and in capabilities. */
  readonly model: LabelModel;
  /** False where the kernel has it but something else that it needs is not on this host. */
  isUsable(): boolean;
  /** What a container gets where the definition says nothing: capabilities' <baselabel type='lxc'>. */
  baselabel(): string | undefined;
  /** True if a process can have it: one of a static <seclabel>. */
  isLabel(label: string): boolean;
  /**
   * The label of a run: `seclabel`, which is the definition's or a dynamic one, with what was chosen for it, `label` and
   * `imagelabel`; of type `none` neither. Nothing is changed on the host. `taken`: the labels of all other
   * domains that run or are about to. `isInit`: what starts is an init system, and may have a label for these where nothing else is said.
   * Throws LibvirtError with libvirt's words for a label that cannot be had.
   */
  choose(definition: DomainDefinition, seclabel: Seclabel, taken: readonly Seclabel[], isInit?: boolean): Seclabel;
  /** Makes the host ready for the label: files relabelled, profile loaded. Throws LibvirtError; then nothing is left of it. */
  prepare(live: DomainDefinition, seclabel: Seclabel): void;
  /** The opposite, also after the death of whoever prepared, or of one that never came to it. Throws what cannot be undone. */
  release(domain: DomainRef, seclabel: Seclabel): void;
  /** Options of the file systems that are made for a container (`context`). */
  mountOptions(seclabel: Seclabel): Record<string, string>;
  /** What is written where, below a proc file system, so that the next execve(2) takes on the label; undefined: it keeps the starter's. */
  onExec(seclabel: Seclabel): OnExecLabel | undefined;
  /** Of a running process. Throws SYSTEM_ERROR. */
  labelOf(pid: number): ProcessLabel;
}

export interface OnExecLabel {
  /** `thread-self/attr/exec` */
  file: string;
  text: string;
}

export interface ProcessLabel {
  label: string;
  /** The policy is enforced, not only reported. */
  isEnforcing: boolean;
}
