// go-libvirt, which shares no line with libvirt's library: made here of Debian's sources of it, by whichever compiler is there.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, suite } from '../helpers/requires.ts';
import { useVirsh, type Virsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

/** Debian's, of golang-github-digitalocean-go-libvirt-dev. */
const GOCODE = '/usr/share/gocode/src';
const PACKAGE = 'github.com/digitalocean/go-libvirt';
/** Each after those that it imports. */
const PARTS = ['/internal/constants', '/internal/go-xdr/xdr2', '/internal/event', '/socket', '/socket/dialers', ''];

/** By gccgo, which knows files only: Go's own compiler is five times its size. */
function compile(virsh: Virsh): string {
  const [folder, program] = [virsh.path('go'), virsh.path('go/client')];
  const gccgo = (...args: string[]) => execFileSync('gccgo', ['-I', folder, ...args], { cwd: folder });
  const objects = PARTS.map((part) => {
    const [name, source] = [`${PACKAGE}${part}`, path.join(GOCODE, PACKAGE, part)];
    const object = path.join(folder, `${name}.o`);
    fs.mkdirSync(path.dirname(object), { recursive: true });
    const files = fs.readdirSync(source).filter((file) => file.endsWith('.go') && !file.endsWith('_test.go'));
    gccgo('-c', `-fgo-pkgpath=${name}`, '-o', object, ...files.map((file) => path.join(source, file)));
    return object;
  });
  gccgo('-o', program, path.join(ROOT, 'test/fixtures/go/client.go'), ...objects);
  return program;
}

suite('go-libvirt', ['root', 'built', 'busybox', 'fuse', 'go_libvirt'], () => {
  const virsh = useVirsh();
  let program = '';
  beforeAll(() => {
    program = compile(virsh);
  }, 120_000);

  it('defines, starts, asks, hears of it, and sends and gets a volume', async () => {
    const name = virsh.name();
    const folder = virsh.path('pool');
    const documents = [
      virsh.file('domain.xml', virsh.xml(name)),
      virsh.file('pool.xml', `<pool type='dir'><name>p</name><target><path>${folder}</path></target></pool>`),
      virsh.file('volume.xml', "<volume><name>v</name><capacity>1600000</capacity><target><format type='raw'/></target></volume>"),
    ];
    using server = await WireServer.listen(virsh);
    const { status, stdout, stderr } = server.run(program, [server.socket, ...documents]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    const scheduler = lines.filter((line) => line.startsWith('scheduler: '));
    expect(lines.filter((line) => !scheduler.includes(line))).toEqual([
      'type: LXC true',
      ...[`event: ${name} 0 0`, `event: ${name} 2 0`, `list: 1 of 1, ${name} true`, 'state: 1 1', 'info: 65536 1', 'XML: true'],
      ...[`stats of ${name}: state.state=1`, `stats of ${name}: state.reason=1`],
      ...[`event: ${name} 3 0`, `event: ${name} 4 0`, `event: ${name} 5 1`, `event: ${name} 1 0`],
      `look up: error 42 Domain not found: no domain with matching name '${name}'`,
      "define: error 35 (domain_definition):1: Couldn't find end of Start Tag domain line 1",
      ...['not found: true', 'volume: v 1600000 true', ''],
    ]);
    expect(scheduler).toContain('scheduler: cpu_shares=1024');
  });
});
