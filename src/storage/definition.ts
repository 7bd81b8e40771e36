// The typed model of <pool type='dir'> and its <volume>s. Pure data.

export interface Permissions {
  mode?: number;
  owner?: number;
  group?: number;
  label?: string;
}

/** A directory whose files and directories are volumes. */
export interface PoolDefinition {
  name: string;
  uuid: string;
  /** Absolute, without a slash at its end. */
  path: string;
  permissions: Permissions;
}

/** What an active pool's file system has, in bytes. */
export interface PoolUse {
  capacity: bigint;
  allocation: bigint;
  available: bigint;
}

/** libvirt's image formats; `dir`: no image, but a directory. */
export const VOLUME_FORMATS = [
  ...['none', 'raw', 'dir', 'bochs', 'cloop', 'dmg', 'iso', 'vpc', 'vdi', 'fat', 'vhd', 'ploop', 'cow', 'qcow', 'qcow2', 'qed', 'vmdk'],
] as const;
export type VolumeFormat = string;

/** What is asked for, of a volume that is to be made. Sizes are bytes. */
export interface VolumeRequest {
  name: string;
  capacity: bigint;
  allocation: bigint;
  format: VolumeFormat;
  permissions: Permissions;
  /** In a format that is libvirt's default where none is named. */
  backing?: { path: string; format: VolumeFormat };
  /** Of an image in format qcow2: qemu-img's options for it. */
  qcow2?: readonly string[];
}

/** A time since the epoch, in nanoseconds. */
export interface VolumeTimes {
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  btime: bigint;
}

/** A file or directory as it is. Sizes are bytes. */
export interface VolumeFile {
  path: string;
  format: VolumeFormat;
  permissions: Required<Omit<Permissions, 'label'>>;
  times: VolumeTimes;
}

export interface Volume extends VolumeFile {
  name: string;
  type: 'file' | 'dir';
  capacity: bigint;
  allocation: bigint;
  /** Of files only. */
  physical: bigint | undefined;
  backing?: { path: string; format: VolumeFormat; file: VolumeFile | undefined };
  /** Some of it lies in other files, which it names, and of which nothing is known. */
  elsewhere?: true;
}
