import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { LibvirtError } from '../../../src/errors.ts';
import { remoteOf, sshWords } from '../../../src/virsh/remote.ts';

const words = (uri: string, globals: string[] = [], rest: string[] = ['list']) =>
  sshWords(remoteOf(uri), globals, rest, { terminal: false });

describe('a URI of lxc+ssh', () => {
  it.each([
    ['lxc+ssh://host/', ['-T', '--', 'host', 'virsh-lxc -c lxc:/// list']],
    ['lxc+ssh://host', ['-T', '--', 'host', 'virsh-lxc -c lxc:// list']],
    ['lxc+ssh://me@host:2222/system', ['-p', '2222', '-l', 'me', '-T', '--', 'host', 'virsh-lxc -c lxc:///system list']],
    ['lxc+ssh://[fe80::1%25eth0]/', ['-T', '--', 'fe80::1%eth0', 'virsh-lxc -c lxc:/// list']],
    [
      'lxc+ssh://h/?keyfile=/my%20key&no_verify=1',
      ['-i', '/my key', '-o', 'StrictHostKeyChecking=no', '-T', '--', 'h', 'virsh-lxc -c lxc:/// list'],
    ],
    ['lxc+ssh://h/?name=lxc:///system&proxy=native&netcat=nc&mode=auto', ['-T', '--', 'h', 'virsh-lxc -c lxc:///system list']],
    ['lxc+ssh://h/?no_tty=1', ['-o', 'BatchMode=yes', '-T', '--', 'h', 'virsh-lxc -c lxc:/// list']],
  ])('%s', (uri, expected) => {
    expect(words(uri)).toEqual(expected);
  });

  it('has a terminal there if there is one here, which ssh tells no end of', () => {
    const [, ...options] = sshWords(remoteOf('lxc+ssh://h/'), [], ['list'], { terminal: true }).toReversed();
    expect(options.toReversed()).toEqual(['-t', '-o', 'LogLevel=ERROR', '--', 'h']);
  });

  it('has no host or user that ssh would take for an option', () => {
    for (const uri of [
      'lxc+ssh://-oProxyCommand=x/',
      'lxc+ssh://-l@host/',
      'lxc+ssh://%2doProxyCommand=x/',
      'lxc+ssh:///',
      'lxc+ssh://@h/',
    ])
      expect(() => remoteOf(uri), uri).toThrow(LibvirtError);
  });

  it('has no parameters that mean nothing', () => {
    expect(() => remoteOf('lxc+ssh://h/?socket=/x')).toThrow("nothing is known of parameter 'socket'");
    expect(() => remoteOf('lxc+ssh://h/?keyfile=%zz')).toThrow('Unable to parse URI');
  });

  it('hands every word on as it is', () => {
    const odd = ['desc', 'a b', "it's", '$HOME', '`id`', '"', '\\', '', '*', '~', 'a;b', '-x', '#', '!', 'new\nline', '日本'];
    const line = words('lxc+ssh://h/', ['-q'], odd).at(-1)!;
    const heard = execFileSync('sh', ['-c', line.replace(/^virsh-lxc /, "printf '%s\\0' ")], { encoding: 'utf8' });
    expect(heard.split('\0').slice(0, -1)).toEqual(['-q', '-c', 'lxc:///', ...odd]);
  });

  it('counts instead of the one that was given', () => {
    expect(words('lxc+ssh://h/', ['-c', 'lxc+ssh://h/']).at(-1)).toBe('virsh-lxc -c lxc+ssh://h/ -c lxc:/// list');
  });
});
