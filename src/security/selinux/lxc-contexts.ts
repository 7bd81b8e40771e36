// lxc_contexts of an SELinux policy: the contexts of containers, as the policy's authors mean them (selinux_lxc_contexts_path(3)). Pure.

export interface LxcContexts {
  /** Of what runs in a container. */
  process: string;
  /** Of init systems, where it has one; libvirt knows it not. */
  init: string | undefined;
  /** Of what it may change. */
  file: string;
}

/** undefined: it lacks one. */
export function parseLxcContexts(text: string): LxcContexts | undefined {
  const value = (key: string): string | undefined => new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*"([^"\\n]+)"`, 'm').exec(text)?.[1];
  const [process, file] = [value('process'), value('file')];
  return process === undefined || file === undefined ? undefined : { process, init: value('init_process'), file };
}
