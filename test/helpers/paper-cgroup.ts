// A cgroup whose files are in memory, and which keeps a record of what is read and written.
import { systemError } from '../../src/errors.ts';
import { DomainCgroup } from '../../src/host/cgroup/cgroup.ts';
import { type CgroupLayout, V1_CONTROLLERS, type V1Controller } from '../../src/host/cgroup/layout.ts';

const LAYOUTS: Record<1 | 2, CgroupLayout> = {
  1: { version: 1, mounts: new Map(V1_CONTROLLERS.map((controller) => [controller, `/cg/${controller}`])) },
  2: { version: 2, root: '/cg', controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'] },
};

export class PaperCgroup extends DomainCgroup {
  /** `controller file`, in order. */
  readonly reads: string[] = [];
  /** `controller file=value`, in order. */
  readonly writes: string[] = [];
  private readonly files: Record<string, string>;

  constructor(version: 1 | 2, files: Record<string, string> = {}) {
    super('machine/lxc-1-vm1.libvirt-lxc', LAYOUTS[version]);
    this.files = files;
  }

  override has(_controller: V1Controller, file: string): boolean {
    return this.files[file] !== undefined;
  }

  override read(controller: V1Controller, file: string): string {
    this.reads.push(`${controller} ${file}`);
    const text = this.files[file];
    if (text === undefined) throw systemError(`Unable to read from '${this.directory(controller)}/${file}'`, 2);
    return text;
  }

  override text(controller: V1Controller, file: string): string | undefined {
    this.reads.push(`${controller} ${file}`);
    return this.files[file];
  }

  override unifiedText(file: string): string | undefined {
    this.reads.push(`unified ${file}`);
    return this.files[file];
  }

  override write(controller: V1Controller, file: string, value: string): void {
    this.writes.push(`${controller} ${file}=${value}`);
  }
}
