// Where a status says that its container's cgroup is: checked before anything is done to the processes there.

/**
 * True for a path that can be the cgroup of a container (with this controller): not the root or a partition, nothing that leads
 * up, not another controller's. Its name is made by host/cgroup/names.ts.
 */
export function isContainerCgroup(path: string, controllerPid?: number): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  const pid = /^lxc-(\d+)[.-].*libvirt-lxc$/.exec(parts.at(-1)!)?.[1];
  return pid !== undefined && (controllerPid === undefined || Number(pid) === controllerPid);
}
