import { describe, expect, it } from 'vitest';
import { onExitArguments, onExitCommand } from '../../../src/container/on-exit-command.ts';

const UUID = '0c1d2e3f-4a5b-4c6d-8e9f-a0b1c2d3e4f5';
const vm1 = { name: 'vm1', partition: '/machine', uuid: UUID };

describe('onExitArguments()', () => {
  it('reads what onExitCommand() tells a controller', () => {
    expect(onExitArguments(['libvirt_lxc', '--name', 'vm1', '--', ...onExitCommand('/usr/lib/virsh-lxc', vm1), ''])).toEqual(vm1);
  });

  it.each([
    ['with', [UUID], vm1],
    ['without', [], { name: 'vm1', partition: '/machine' }],
  ])('reads what releases told theirs that called it otherwise, %s a uuid', (_, uuid, told) => {
    expect(onExitArguments(['libvirt_lxc', '--', '/usr/lib/virsh-lxc', '--internal-aftermath', 'vm1', '/machine', ...uuid])).toEqual(told);
  });

  it('finds nothing in the words of another process', () => {
    expect([onExitArguments([]), onExitArguments(['sleep', '1000']), onExitArguments(['x', '--internal-on-exit', 'vm1'])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
