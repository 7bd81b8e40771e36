// A container's cgroup: where its directories and files are, whatever the version. It has one in every v1 hierarchy, and in the
// unified one where there is one. What the files mean, each controller's own module says.
import fs from 'node:fs';
import type { DomainDefinition } from '../../domain/definition.ts';
import { errnoCode, libvirtError, systemError } from '../../errors.ts';
import { attempt } from '../attempt.ts';
import { type CgroupLayout, hostCgroups, V1_CONTROLLERS, type V1Controller } from './layout.ts';
import { cgroupName, machineName, partitionPath } from './names.ts';

/**
 * Where container processes are in the unified hierarchy: below the cgroup that holds the limits, so that the container cannot
 * reach those.
 */
const PAYLOAD = 'payload';
export const DEFAULT_PARTITION = '/machine';

export class DomainCgroup {
  readonly layout: CgroupLayout;
  /** Below each hierarchy's root, without a leading slash. */
  readonly path: string;

  constructor(path: string, layout: CgroupLayout = hostCgroups()) {
    this.path = path;
    this.layout = layout;
  }

  /** The directory that holds `controller`'s files, or undefined where v1 does not have it mounted. */
  directory(controller: V1Controller): string | undefined {
    if (this.layout.version === 2) return `${this.layout.root}/${this.path}`;
    const mount = this.layout.mounts.get(controller);
    return mount === undefined ? undefined : `${mount}/${this.path}`;
  }

  /** Every directory of the cgroup, co-mounted ones once. */
  directories(): string[] {
    return [...this.directoriesV1(), ...(this.unified === undefined ? [] : [this.unified])];
  }

  /** The directories of v1 hierarchies, co-mounted ones once. */
  directoriesV1(): string[] {
    if (this.layout.version === 2) return [];
    return [...new Set(this.layout.mounts.values())].map((mount) => `${mount}/${this.path}`);
  }

  /** The cgroup's directory of the unified hierarchy. */
  get unified(): string | undefined {
    const root = this.layout.version === 2 ? this.layout.root : this.layout.unified;
    return root === undefined ? undefined : `${root}/${this.path}`;
  }

  /** The directory that container processes are in, where there is a unified hierarchy. */
  get payload(): string | undefined {
    return this.unified === undefined ? undefined : `${this.unified}/${PAYLOAD}`;
  }

  /**
   * Where a further process of the container goes in the unified hierarchy: to its init. An init system hands controllers down
   * from the payload and moves itself below; then the payload takes no process any more (cgroup-v2.rst, "No Internal Process").
   * undefined where there is no such hierarchy, or init has no cgroup of its own there, as an earlier version of this program did.
   */
  payloadOf(initPid: number): string | undefined {
    const { payload } = this;
    if (payload === undefined) return undefined;
    let own: string;
    try {
      own = /^0::(.*)$/m.exec(fs.readFileSync(`/proc/${initPid}/cgroup`, 'utf8'))?.[1] ?? '';
    } catch (error) {
      throw systemError(`Unable to read from '/proc/${initPid}/cgroup'`, error);
    }
    const above = `/${this.path}/${PAYLOAD}/`;
    if (own.startsWith(above)) return `${payload}/${own.slice(above.length)}`;
    return this.layout.version === 2 || `${own}/` === above ? payload : undefined;
  }

  /** Text of one of the cgroup's files. Throws SYSTEM_ERROR. */
  read(controller: V1Controller, file: string): string {
    const path = this.file(controller, file);
    try {
      return fs.readFileSync(path, 'utf8');
    } catch (error) {
      throw systemError(`Unable to read from '${path}'`, error);
    }
  }

  /** The same for statistics; undefined where there is no such file, or no cgroup any more. */
  text(controller: V1Controller, file: string): string | undefined {
    const directory = this.directory(controller);
    return directory === undefined ? undefined : attempt(() => fs.readFileSync(`${directory}/${file}`, 'latin1'));
  }

  /** A file of the unified hierarchy; undefined where there is none. */
  unifiedText(file: string): string | undefined {
    const { unified } = this;
    return unified === undefined ? undefined : attempt(() => fs.readFileSync(`${unified}/${file}`, 'latin1'));
  }

  /** Throws SYSTEM_ERROR with libvirt's words: the value and the file. */
  write(controller: V1Controller, file: string, value: string): void {
    const path = this.file(controller, file);
    try {
      fs.writeFileSync(path, value);
    } catch (error) {
      throw systemError(errnoCode(error) === 'EINVAL' ? `Invalid value '${value}' for '${file}'` : `Unable to write to '${path}'`, error);
    }
  }

  has(controller: V1Controller, file: string): boolean {
    const directory = this.directory(controller);
    return directory !== undefined && fs.existsSync(`${directory}/${file}`);
  }

  private file(controller: V1Controller, file: string): string {
    const directory = this.directory(controller);
    if (directory === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `cgroup controller '${controller}' is not mounted`);
    return `${directory}/${file}`;
  }
}

const controllerNames = (layout: CgroupLayout): readonly string[] => (layout.version === 1 ? V1_CONTROLLERS : layout.controllers);

/** The cgroup that a controller of this pid has for `definition`. Nothing is made. */
export function cgroupFor(definition: Pick<DomainDefinition, 'name' | 'partition'>, controllerPid: number): DomainCgroup {
  const layout = hostCgroups();
  const names = controllerNames(layout);
  const partition = partitionPath(definition.partition ?? DEFAULT_PARTITION, names);
  return new DomainCgroup(`${partition}/${cgroupName(machineName(controllerPid, definition.name), names)}`, layout);
}
