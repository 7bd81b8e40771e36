// One user of many, who connects as often as they can to the socket that is everybody's.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { suite } from '../helpers/requires.ts';
import { useVirsh } from '../helpers/virsh.ts';
import { WireServer } from '../helpers/wire.ts';

const USER = 54321;
const SEATS = 32;
const TURNED_AWAY = 3;

/** Tells when so many were closed by the other side; then closes one of the others itself. */
const GREEDY = `
import os, select, socket
os.setgid(${USER})
os.setuid(${USER})
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(PATH)
    return s
def closed(clients, seconds):
    return [c for c in select.select(clients, [], [], seconds)[0] if not c.recv(1)]
clients = [connect() for _ in range(${SEATS + TURNED_AWAY})]
gone = []
while len(gone) < ${TURNED_AWAY}:
    gone += closed([c for c in clients if c not in gone], None)
left = [c for c in clients if c not in gone]
tell('turned away')
wait()
tell('left', len(left) - len(closed(left, 0)))
left.pop().close()
tell('one closed')
wait()
again = connect()
tell('closed again', len(closed([again] + left, 1)))
`;

suite('the socket for whoever looks', ['root', 'built', 'fuse', 'libvirt_clients', 'python3_libvirt'], () => {
  const virsh = useVirsh();

  it('is not one user’s alone', async () => {
    using server = await WireServer.listen(virsh, { args: ['--readonly'] });
    fs.chmodSync(server.socket, 0o666);
    using greedy = server.python(`PATH = ${JSON.stringify(server.socket)}\n${GREEDY}`);
    await greedy.told('turned away');
    expect(server.virsh('-r', 'list')).toMatchObject({ status: 0, stderr: '' });
    greedy.go();
    await greedy.told(`left ${SEATS}`);
    await greedy.told('one closed');
    const running = () => server.pids.filter((pid) => fs.existsSync(`/proc/${pid}/fd/0`)).length;
    await eventually(() => running() === SEATS - 1);
    greedy.go();
    expect((await greedy.end()).at(-1)).toBe('closed again 0');
  });
});
