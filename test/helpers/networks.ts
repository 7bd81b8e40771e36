// Virtual networks for tests, on a host of their own: starting them, containers in them, and the proof that nothing stays.
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { eventually } from './eventually.ts';
import { NetworkHost, networkOf } from './network-host.ts';
import { useVirsh, type Virsh } from './virsh.ts';

export class Networks {
  readonly virsh: Virsh;
  #host: NetworkHost | undefined;

  constructor(virsh: Virsh) {
    this.virsh = virsh;
  }

  async begin(): Promise<void> {
    this.#host = await NetworkHost.for(this.virsh);
  }

  get host(): NetworkHost {
    return this.#host!;
  }

  /** Defines a network without the delays of spanning tree, and starts it. */
  start(name: string, xml: string): void {
    this.define(name, `<bridge stp='off'/>${xml}`);
    this.virsh.ok('net-start', name);
  }

  define(name: string, xml: string): void {
    this.virsh.ok('net-define', this.virsh.file(`${name}.xml`, `<network><name>${name}</name>${xml}</network>`));
  }

  /** Boots a container with an interface in the network `name`, and a /tmp of its own; its name. */
  container(name: string, more = ''): string {
    return this.virsh.boot({
      devices: `${interfaceIn(name, more)}<filesystem type='ram'><source usage='1024'/><target dir='/tmp'/></filesystem>`,
    });
  }

  /** Has this container's ping of `address` been answered? */
  reaches(domain: string, address: string): boolean {
    return this.virsh.runInside(domain, `ping -c 1 -W 1 ${address}`).status === 0;
  }

  /** The standard output of a program of the host's that sees the network of the container and must succeed. */
  runNear(domain: string, ...argv: string[]): string {
    return execFileSync('nsenter', [...networkOf(this.virsh.initPid(domain)), ...argv], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async reset(): Promise<void> {
    const names = (...filter: string[]): string[] =>
      this.virsh
        .ok('net-list', ...filter, '--name')
        .split('\n')
        .filter(Boolean);
    for (const name of names()) this.virsh.ok('net-destroy', name);
    for (const name of names('--all')) this.virsh.ok('net-undefine', name);
  }
}

export const interfaceIn = (name: string, more = ''): string => `<interface type='network'><source network='${name}'/>${more}</interface>`;

/** For tests of one file: every test must leave the host as it found it. */
export function useNetworks(): Networks {
  const networks = new Networks(useVirsh());
  const { virsh } = networks;
  beforeAll(() => networks.begin());
  afterEach(async () => {
    await virsh.reset();
    await networks.reset();
    await eventually(() => {
      expect(networks.host.remains(virsh.prefix)).toEqual(NOTHING);
      return true;
    });
  });
  afterAll(() => networks.host.end());
  return networks;
}

export const NOTHING = { links: [], rules: '', servers: [] };
