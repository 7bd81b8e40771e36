// Storage pools on disk, as libvirt keeps them: definitions in /etc/libvirt/storage, a file in /run for each that is active.
import fs from 'node:fs';
import { isFailure, libvirtError } from '../errors.ts';
import { parseHost } from '../host/parse-host.ts';
import { listDirectory } from '../host/system-files.ts';
import type { PoolDefinition } from '../storage/definition.ts';
import { formatPoolState, formatStoredPool } from '../storage/format.ts';
import { parsePool, parsePoolState } from '../storage/parse.ts';
import { isUuid } from '../values/uuid.ts';
import { readIfThere, removeDurably, removeIfThere, writeAtomically } from './atomic-write.ts';
import { setLink } from './autostart.ts';
import { namesIn, paths } from './paths.ts';

const definitionFile = (name: string): string => `${paths.pools}/${name}.xml`;
const stateFile = (name: string): string => `${paths.poolRun}/${name}.xml`;
const autostartLink = (name: string): string => `${paths.poolAutostart}/${name}.xml`;

/** A pool as it is now. */
export interface PoolSummary {
  readonly name: string;
  readonly uuid: string;
  readonly active: boolean;
  readonly persistent: boolean;
  readonly autostart: boolean;
  /** That of an active pool is the one it was started with. */
  readonly definition: PoolDefinition;
}

export const noPool = (text: string, by: 'name' | 'uuid') =>
  libvirtError('NO_STORAGE_POOL', `no storage pool with matching ${by} '${text}'`);

/** Every pool, in no order; a file that holds none is passed over. */
export function allPools(): PoolSummary[] {
  const names = new Set([...namesIn(listDirectory(paths.poolRun), '.xml'), ...namesIn(listDirectory(paths.pools), '.xml')]);
  return [...names].flatMap((name) => findPool(name) ?? []);
}

export function findPool(name: string): PoolSummary | undefined {
  if (name === '' || name.includes('/') || name.includes('\0') || Buffer.byteLength(name) > 250) return undefined;
  const live = readable(() => poolState(name));
  const stored = readable(() => poolDefinition(name));
  const definition = live ?? stored;
  if (definition === undefined) return undefined;
  const { uuid } = definition;
  const persistent = stored !== undefined;
  return { name, uuid, active: live !== undefined, persistent, autostart: persistent && isPoolAutostarted(name), definition };
}

export function findPoolByUuid(text: string): PoolSummary | undefined {
  if (!isUuid(text)) return undefined;
  return allPools().find(({ uuid }) => uuid === text.toLowerCase());
}

/** The stored definition, or undefined. */
export function poolDefinition(name: string): PoolDefinition | undefined {
  const text = readIfThere(definitionFile(name));
  return text === undefined ? undefined : parsePool(text, parseHost.randomUuid);
}

function poolState(name: string): PoolDefinition | undefined {
  const text = readIfThere(stateFile(name));
  return text === undefined ? undefined : parsePoolState(text);
}

/** What cannot be read keeps no other pool from being found. */
function readable<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}

export function writePoolDefinition(pool: PoolDefinition): void {
  writeAtomically(definitionFile(pool.name), formatStoredPool(pool), { durable: true });
}

/** Removes the definition and its autostart mark. */
export function removePoolDefinition(name: string): void {
  removeDurably(definitionFile(name));
  setPoolAutostart(name, false);
}

/** From now on the pool is active, until the host is booted again. */
export function writePoolState(pool: PoolDefinition): void {
  writeAtomically(stateFile(pool.name), formatPoolState(pool), { durable: false });
}

export function removePoolState(name: string): void {
  removeIfThere(stateFile(name));
}

const isPoolAutostarted = (name: string): boolean => fs.lstatSync(autostartLink(name), { throwIfNoEntry: false }) !== undefined;

export const autostartedPools = (): string[] => namesIn(listDirectory(paths.poolAutostart), '.xml');

/** Marks or unmarks; either may be so already. Throws SYSTEM_ERROR. */
export function setPoolAutostart(name: string, on: boolean): void {
  setLink(autostartLink(name), definitionFile(name), on, `cannot create autostart directory '${paths.poolAutostart}'`);
}
