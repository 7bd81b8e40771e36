// Machines of one network, on this one: each has a root file system (what is written to it goes to memory), processes, a network, a name
// and groups of its own, and ends at once with the process that is its first.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { eventually } from './eventually.ts';
import { ROOT } from './requires.ts';
import type { Outcome } from './virsh.ts';

const CGROUPS = '/sys/fs/cgroup';

/** Arguments: name, folder that all nodes share, the project, which may be where a node has another file system. */
const BOOT = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
for folder in dev/shm run tmp sys/fs/cgroup; do mount -t tmpfs tmpfs $folder; done
chmod 1777 tmp dev/shm
[ -e ".$3" ] || { mkdir -p ".$3"; mount --rbind "$3" ".$3"; }
while IFS=: read -r _ controllers _; do
  case $controllers in
  '') mkdir sys/fs/cgroup/unified; mount -t cgroup2 cgroup2 sys/fs/cgroup/unified ;;
  name=*) mkdir sys/fs/cgroup/\${controllers#*=}; mount -t cgroup -o none,$controllers cgroup sys/fs/cgroup/\${controllers#*=} ;;
  *) mkdir sys/fs/cgroup/$controllers; mount -t cgroup -o $controllers cgroup sys/fs/cgroup/$controllers ;;
  esac
done </proc/self/cgroup
mkdir -p srv/shared run/lock
mount --rbind "$2" srv/shared
mkdir .outside
pivot_root . .outside
umount -l /.outside
rmdir /.outside
hostname "$1"
ip link set lo up
echo up
# As an init does, it takes in whoever has lost its parent.
sleep infinity &
while :; do wait; done`;

export class Cluster {
  /** Seen by all nodes as /srv/shared. */
  readonly shared: string;
  readonly nodes = new Map<string, ClusterNode>();
  readonly #switch: ChildProcess;
  readonly #tag: string;

  private constructor(folder: string, cable: ChildProcess) {
    this.shared = folder;
    this.#switch = cable;
    this.#tag = path.basename(path.dirname(folder));
  }

  static async build(folder: string): Promise<Cluster> {
    fs.mkdirSync(folder, { recursive: true });
    const cable = spawn(
      'unshare',
      ['-n', 'sh', '-c', 'ip link add br0 type bridge && ip link set br0 up && echo up && exec sleep infinity'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(cable.stdout!, 'data');
    return new Cluster(folder, cable);
  }

  /** A node called node`number` with the address 10.99.0.`number`. */
  async boot(number: number): Promise<ClusterNode> {
    const name = `node${number}`;
    const groups = makeGroups(`${this.#tag}-${name}`);
    const join = groups.map((group) => `echo 0 >'${group}/cgroup.procs'`).join('\n');
    const script = `${join}\nexec unshare -m -n -p -u -i -C --fork --kill-child sh -c "$0" sh "$@"`;
    const child = spawn('sh', ['-ec', script, BOOT, name, this.shared, ROOT], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr!.on('data', (data) => {
      said += data;
    });
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(([status]) => {
        throw new Error(`${name} does not start: ${status}\n${said}`);
      }),
    ]);
    const pid = Number(fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
    const node = new ClusterNode(name, child, pid, groups);
    this.#plug('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
    this.#plug('link', 'set', name, 'master', 'br0', 'up');
    node.ok('ip', 'addr', 'add', `10.99.0.${number}/24`, 'dev', 'eth0');
    node.ok('ip', 'link', 'set', 'eth0', 'up');
    node.ok('sh', '-c', "seq 3 | sed 's/.*/10.99.0.& node&/' >>/etc/hosts");
    for (const program of ['virsh-lxc', 'virsh']) node.ok('ln', '-sf', path.join(ROOT, 'dist', program), `/usr/local/bin/${program}`);
    this.nodes.set(name, node);
    return node;
  }

  node(name: string): ClusterNode {
    return this.nodes.get(name)!;
  }

  /** Nobody reaches the node any more, nor it anybody. */
  unplug(name: string): void {
    this.#plug('link', 'set', name, 'down');
  }

  #plug(...args: string[]): void {
    execFileSync('nsenter', ['-t', String(this.#switch.pid), '-n', 'ip', ...args]);
  }

  async end(): Promise<void> {
    for (const node of this.nodes.values()) await node.powerOff();
    this.#switch.kill('SIGKILL');
  }
}

export class ClusterNode {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #groups: readonly string[];
  #isEnding = false;

  constructor(name: string, child: ChildProcess, pid: number, groups: readonly string[]) {
    this.name = name;
    this.#child = child;
    this.pid = pid;
    this.#groups = groups;
  }

  run(...argv: string[]): Outcome {
    const env = { PATH: `/usr/local/sbin:/usr/local/bin:${process.env['PATH']}`, HOME: '/root', LC_ALL: 'C.UTF-8', TERM: 'dumb' };
    const args = ['-t', String(this.pid), '-m', '-n', '-p', '-u', '-i', '-C', '--', ...argv];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8', input: '', timeout: 120_000, env });
    return { status, stdout, stderr };
  }

  /** The output of what must succeed. */
  ok(...argv: string[]): string {
    const { status, stdout, stderr } = this.run(...argv);
    if (status !== 0) throw new Error(`${argv.join(' ')} on ${this.name}: ${status}\n${stdout}\n${stderr}`);
    return stdout;
  }

  get isOn(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The host's process id of the init of the one container that runs here; 0 if none does. */
  containerInit(): number {
    const group = this.#groups.map((folder) => path.join(folder, 'machine')).find((folder) => fs.existsSync(folder));
    const [own] = group === undefined ? [] : fs.readdirSync(group).filter((name) => name.endsWith('.libvirt-lxc'));
    return own === undefined ? 0 : Number(fs.readFileSync(path.join(group!, own, 'cgroup.procs'), 'utf8').split('\n', 1)[0]);
  }

  /** At once, with all that runs there. */
  async powerOff(): Promise<void> {
    if (this.isOn && !this.#isEnding) {
      this.#isEnding = true;
      process.kill(this.pid, 'SIGKILL');
    }
    await eventually(() => !this.isOn);
    await eventually(() => this.#groups.every(removeGroup));
  }
}

/** A group in each hierarchy of the machine. */
function makeGroups(name: string): string[] {
  return fs.readdirSync(CGROUPS).flatMap((hierarchy) => {
    const parent = path.join(CGROUPS, hierarchy);
    if (fs.lstatSync(parent).isSymbolicLink() || !fs.existsSync(path.join(parent, 'cgroup.procs'))) return [];
    const group = path.join(parent, name);
    fs.mkdirSync(group, { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (fs.existsSync(path.join(group, file))) fs.writeFileSync(path.join(group, file), fs.readFileSync(path.join(parent, file)));
    return [group];
  });
}

/** With all groups in it, if they are empty. */
function removeGroup(group: string): boolean {
  if (!fs.existsSync(group)) return true;
  for (const entry of fs.readdirSync(group, { withFileTypes: true })) if (entry.isDirectory()) removeGroup(path.join(group, entry.name));
  try {
    fs.rmdirSync(group);
    return true;
  } catch {
    return false; // processes are still there
  }
}
