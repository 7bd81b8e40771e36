// Where a status says that its container's group is: checked before anything is done to the processes there.

/**
 * True for a path that can be the group of a container (with this controller): not the root or a partition, nothing that leads
 * up, not another controller's. Its name is made by host/cgroup/names.ts.
 */
export function isContainerGroup(path: string, controllerPid?: number): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  const pid = /^lxc-(\d+)[.-].*libvirt-lxc$/.exec(parts.at(-1)!)?.[1];
  return pid !== undefined && (controllerPid === undefined || Number(pid) === controllerPid);
}
