// Where a status says that its container's group is: checked before anything is done to the processes there.

/**
 * True for a path that can be a container's group: not the root or a partition, nothing that leads up.
 * Its name is made by host/cgroup/names.ts.
 */
export function isContainerGroup(path: string): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  return /^lxc-\d+[.-].*libvirt-lxc$/.test(parts.at(-1)!);
}
