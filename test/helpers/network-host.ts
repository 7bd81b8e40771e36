// A "host" for tests of networks: network and mount namespaces of its own, in which every command of a Virsh runs. The
// machine's own links, rules and settings are never touched.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { COMMAND, type Virsh } from './virsh.ts';

export class NetworkHost {
  readonly #child: ChildProcess;
  #outside: ChildProcess | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** From now on the commands of `virsh` run here. */
  static async for(virsh: Virsh): Promise<NetworkHost> {
    const host = new NetworkHost(await namespace('-n', '-m'));
    host.run('ip', 'link', 'set', 'lo', 'up');
    // Containers are started by what runs inside, so it must be a real program.
    virsh.command = virsh.file('virsh-on-host', `#!/bin/sh\nexec nsenter -t ${host.pid} -n -m -- '${COMMAND}' "$@"\n`, 0o755);
    return host;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The standard output of a program that runs here and must succeed. */
  run(...argv: string[]): string {
    return execFileSync('nsenter', ['-t', String(this.pid), '-n', '-m', '--', ...argv], { encoding: 'utf8' });
  }

  /** Joins the host to a world outside: 203.0.113.1 here, 203.0.113.2 and 2001:db8:ffff::2 there. */
  async connectOutside(): Promise<void> {
    this.#outside = await namespace('-n');
    this.run('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'out0', 'netns', String(this.#outside.pid));
    for (const args of ['addr add 203.0.113.1/24 dev up0', '-6 addr add 2001:db8:ffff::1/64 dev up0 nodad', 'link set up0 up'])
      this.run('ip', ...args.split(' '));
    for (const args of [
      'link set lo up',
      'addr add 203.0.113.2/24 dev out0',
      '-6 addr add 2001:db8:ffff::2/64 dev out0 nodad',
      'link set out0 up',
    ])
      this.runOutside('ip', ...args.split(' '));
  }

  runOutside(...argv: string[]): string {
    return execFileSync('nsenter', [...networkOf(this.#outside!.pid!), ...argv], { encoding: 'utf8' });
  }

  /** A program outside that goes on by itself; ended with the host. */
  startOutside(...argv: string[]): ChildProcess {
    return spawn('nsenter', [...networkOf(this.#outside!.pid!), ...argv], { stdio: ['ignore', 'pipe', 'ignore'] });
  }

  /** Links, rules (without their counters) and servers that are here now. */
  remains(prefix: string): { links: string[]; rules: string; servers: number[] } {
    return {
      links: this.run('ip', '-o', 'link')
        .split('\n')
        .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? [])
        .filter((name) => !/^(lo|up0|tunl|sit|gre|erspan|ip6|ip_vti|ifb|dummy|bond|teql)/.test(name))
        .sort(),
      rules: this.run('nft', '--stateless', 'list', 'ruleset').trim(),
      servers: dnsmasqs(prefix),
    };
  }

  end(): void {
    this.#outside?.kill('SIGKILL');
    this.#child.kill('SIGKILL');
  }
}

/** Arguments of nsenter for a program that is to see the network of the process `pid`, and else what we see. */
export const networkOf = (pid: number): string[] => ['-t', String(pid), '-n', '--'];

/** Processes of dnsmasq whose files are below `prefix`. */
export function dnsmasqs(prefix: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes('dnsmasq') && command.includes(prefix);
      } catch {
        return false; // gone
      }
    })
    .map(Number);
}

/** Kills them; the one that runs scripts ends by itself when the one that it serves is gone. */
export function killDnsmasqs(prefix: string): void {
  for (const pid of dnsmasqs(prefix)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function namespace(...flags: string[]): Promise<ChildProcess> {
  const child = spawn('unshare', [...flags, 'sh', '-c', 'echo ready; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}
