// A distribution in a container: how one knows that it is up, and what one can ask of it.
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect } from 'vitest';
import type { SecurityLevel } from '../../src/domain/definition.ts';
import { eventually } from './eventually.ts';
import type { Leftovers } from './leftovers.ts';
import { onTerminal, type Terminal } from './terminal.ts';
import { Virsh } from './virsh.ts';

/** Times of this machine, of which the guest takes eight (eventually.ts): the slowest boot takes 40 s in a guest. */
const BOOT_MS = 20_000;
const STOP_MS = 15_000;
const ESCAPE = '\x1d';

export const DISTRIBUTIONS = ['systemd', 'trixie', 'sysv', 'openrc', 'runit'] as const;
export type DistributionName = (typeof DISTRIBUTIONS)[number];
export const SYSTEMD: readonly DistributionName[] = ['systemd', 'trixie'];

/** An init that halts takes the interfaces down, which must never be the host's. */
const OWN_NETWORK = '<features><privnet/></features>';

export const rootOf = (distribution: DistributionName): string => path.join(process.env['DISTRO_ROOTS'] ?? '', distribution);

export interface DistributionOptions {
  root?: string;
  /** XML before and in <devices>. */
  more?: string;
  devices?: string;
  level?: SecurityLevel;
}

export class Distribution {
  readonly name: string;
  readonly distribution: DistributionName;
  readonly virsh: Virsh;

  constructor(virsh: Virsh, distribution: DistributionName, options: DistributionOptions = {}) {
    const { root = rootOf(distribution), more = OWN_NETWORK, devices = '', level } = options;
    this.virsh = virsh;
    this.distribution = distribution;
    this.name = virsh.define({ init: ['/sbin/init'], root, more, devices, level, memoryKiB: 512 * 1024 }, virsh.name(distribution));
  }

  get isSystemd(): boolean {
    return SYSTEMD.includes(this.distribution);
  }

  get isOff(): boolean {
    return this.virsh.state(this.name).startsWith('shut off');
  }

  /** A shell script inside. */
  inside(script: string): string {
    return this.virsh.inside(this.name, script);
  }

  /** Starts it where it is off, and waits until it is up. What an earlier test left half done is ended. */
  async up(): Promise<void> {
    if (!this.isOff && !(await this.isUp())) this.virsh.run('destroy', this.name);
    if (this.isOff) this.virsh.ok('start', this.name);
    await this.booted();
  }

  async booted(): Promise<void> {
    await eventually(() => {
      expect(this.virsh.state(this.name)).toMatch(/^running /);
      return this.isUp();
    }, BOOT_MS);
  }

  /** systemd says so itself; with the others the last thing is a login prompt. */
  private isUp(): boolean {
    if (this.isSystemd) return /^(running|degraded)$/m.test(this.inside('systemctl is-system-running 2>/dev/null'));
    return /getty .*\btty1\b/.test(this.inside("ps -axww -o args= | grep -v 'runsv\\|grep'"));
  }

  async off(reason = 'shutdown'): Promise<void> {
    await this.virsh.waitForState(this.name, `shut off (${reason})`, STOP_MS);
  }

  /** Waits until another instance runs than that with the controller `before`. */
  async againAfter(before: number): Promise<void> {
    await eventually(() => {
      const { stdout } = this.virsh.run('domid', this.name);
      return /^\d+/.test(stdout) && Number(stdout.trim()) !== before;
    }, STOP_MS);
    await this.booted();
  }

  console(): Terminal {
    return onTerminal(this.virsh, 'console', this.name);
  }

  /** Logs in as root on the console; leaves the shell to `then`, logs out and goes. */
  async login(then: (terminal: Terminal) => Promise<void>): Promise<void> {
    const terminal = this.console();
    await terminal.until('Escape character');
    // The prompt was written before anybody looked, or is written anew for an empty name.
    terminal.type('\n');
    await terminal.until(/login: $/, BOOT_MS);
    terminal.type('root\n');
    await terminal.until(/Password: $/, BOOT_MS);
    terminal.type('root\n');
    await terminal.until(/root@\S+# /, BOOT_MS);
    await then(terminal);
    terminal.type('exit\n');
    await terminal.until(/exit\n[\s\S]*login: $/, BOOT_MS);
    terminal.type(ESCAPE);
    expect(await terminal.ended()).toBe(0);
  }
}

/** For tests of one file, which share what they started: nothing of it is left in the end. */
export function useDistributions(): Virsh {
  const virsh = new Virsh();
  let before: Leftovers;
  beforeAll(() => {
    before = virsh.leftovers();
  });
  afterAll(async () => {
    await virsh.reset();
    await eventually(() => {
      expect(virsh.leftovers()).toEqual(before);
      return true;
    });
    virsh.remove();
  });
  return virsh;
}
