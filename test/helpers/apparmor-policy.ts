// What a compiled AppArmor profile allows, asked of its state machines as the kernel asks them (linux/security/apparmor/match.c).
// So one sees on any host what a policy means, also what the parser made of it that nobody wrote.
import { spawnSync } from 'node:child_process';

const MAGIC = Buffer.of(0x1b, 0x5e, 0x78, 0x3d);
/** The tables' numbers in the format. */
const [ACCEPT, BASE, CHECK, DEFAULT, NEXT] = [1, 2, 3, 4, 8];
const START = 1;
const FEATURES = '/etc/apparmor.d/abi/kernel-5.4-vanilla';

/** Bits of flags for mounts, as the machine reads them: one byte for each, its number from 1, in order. */
export const FLAGS = { ro: 1, remount: 6, bind: 13, move: 14, rec: 15 } as const;
export type Flag = keyof typeof FLAGS;

export const FILE = { write: 2, read: 4 } as const;
const MAY_MOUNT = 2;
/** What others than a file's owner may do is the same, further up. */
const OTHERS = 14;
const MOUNT_CLASS = 7;

export interface Mount {
  source?: string;
  type?: string;
  flags?: readonly Flag[];
}

class Machine {
  #tables = new Map<number, number[]>();

  constructor(policy: Buffer, at: number) {
    const end = at + policy.readUInt32BE(at + 8);
    for (let p = at + policy.readUInt32BE(at + 4); p < end; ) {
      const [id, width, count] = [policy.readUInt16BE(p), policy.readUInt16BE(p + 2), policy.readUInt32BE(p + 8)];
      this.#tables.set(
        id,
        Array.from({ length: count }, (_, i) => policy.readUIntBE(p + 12 + i * width, width)),
      );
      p += Math.ceil((12 + width * count) / 8) * 8;
    }
  }

  after(state: number, bytes: Iterable<number>): number {
    let now = state;
    for (const byte of bytes) {
      const place = (this.#tables.get(BASE)![now]! & 0xff_ff_ff) + byte;
      now = (this.#tables.get(CHECK)![place] === now ? this.#tables.get(NEXT)![place] : this.#tables.get(DEFAULT)![now])!;
    }
    return now;
  }

  accepts = (state: number): number => this.#tables.get(ACCEPT)![state]!;
}

/** A place in the file system, as both machines know it that are asked for one. */
interface Place {
  path: string;
  mount: number;
  file: number;
}

export class Policy {
  #mounts: Machine;
  #files: Machine;

  /** Of one profile. */
  constructor(text: string) {
    const options = ['--skip-kernel-load', '--skip-cache', '--stdout', '--kernel-features', FEATURES];
    const { status, stdout, stderr } = spawnSync('apparmor_parser', options, { input: text, maxBuffer: 64 << 20 });
    if (status !== 0) throw new Error(String(stderr));
    const places: number[] = [];
    for (let at = stdout.indexOf(MAGIC); at >= 0; at = stdout.indexOf(MAGIC, at + 1)) places.push(at);
    [this.#mounts, this.#files] = places.map((at) => new Machine(stdout, at)) as [Machine, Machine];
  }

  /** `place`: a directory's path ends in a slash. */
  mayMount(place: string, mount: Mount): boolean {
    return this.#mayMount(this.#mounts.after(START, [MOUNT_CLASS, ...Buffer.from(place)]), mount);
  }

  /** Bits of FILE. */
  mayUse(file: string, bits: number): boolean {
    return this.#mayUse(this.#files.after(START, Buffer.from(file)), bits);
  }

  #mayMount(state: number, { source = '', type = '', flags = [] }: Mount): boolean {
    const rest = [...Buffer.from(`\0${source}\0${type}\0`), ...flags.map((flag) => FLAGS[flag]).sort((one, other) => one - other)];
    return (this.#mounts.accepts(this.#mounts.after(state, rest)) & MAY_MOUNT) !== 0;
  }

  #mayUse(state: number, bits: number): boolean {
    const accepts = this.#files.accepts(state);
    return ((accepts | (accepts >> OTHERS)) & bits) !== 0;
  }

  /** A place of each kind that the policy tells from others where `mount` is allowed, and what may be used of the files in it. */
  placesFor(mount: Mount): { path: string; mayUse: (name: string, bits: number) => boolean }[] {
    return this.#places()
      .filter((place) => this.#mayMount(place.mount, mount))
      .map(({ path, file }) => ({
        path,
        mayUse: (name, bits) => this.#mayUse(this.#files.after(file, Buffer.from(path.endsWith('/') ? name : `/${name}`)), bits),
      }));
  }

  #known: Place[] | undefined;
  #places(): Place[] {
    if (this.#known) return this.#known;
    const places: Place[] = [{ path: '', mount: this.#mounts.after(START, [MOUNT_CLASS]), file: START }];
    const seen = new Set<string>();
    // It grows as it is walked.
    for (const { path, mount, file } of places) {
      for (let byte = 0x20; byte < 0x7f; byte++) {
        const character = String.fromCharCode(byte);
        if (path === '' ? character !== '/' : character === '/' && path.endsWith('/')) continue;
        const next = { path: path + character, mount: this.#mounts.after(mount, [byte]), file: this.#files.after(file, [byte]) };
        const key = `${next.mount} ${next.file} ${character === '/'}`;
        if (next.mount === 0 || seen.has(key)) continue;
        seen.add(key);
        places.push(next);
      }
    }
    this.#known = places;
    return places;
  }
}
