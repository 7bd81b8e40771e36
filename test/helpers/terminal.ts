// A command on a terminal: script(1) gives it one.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { Virsh } from './virsh.ts';

export interface Terminal {
  readonly child: ChildProcess;
  /** What has been shown so far, without carriage returns. */
  shown(): string;
  /** What has been shown so far, to the byte. */
  bytes(): string;
  type(text: string): void;
  /** Waits until `text` has been shown. */
  until(text: string | RegExp, timeoutMs?: number): Promise<void>;
  /** Waits for its end; gives its exit status. */
  ended(): Promise<number | null>;
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export function onTerminal(virsh: Pick<Virsh, 'command' | 'prefix' | 'env'>, ...args: string[]): Terminal {
  const line = [virsh.command, ...args].map(quote).join(' ');
  const child = spawn('script', ['-qfec', line, '/dev/null'], { cwd: virsh.prefix, env: virsh.env, stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const shown = () => text.replaceAll('\r', '');
  return {
    child,
    shown,
    bytes: () => text,
    type: (typed) => void child.stdin.write(typed),
    until: async (wanted, timeoutMs) => {
      const isThere = () => (typeof wanted === 'string' ? shown().includes(wanted) : wanted.test(shown()));
      await eventually(isThere, timeoutMs).catch(() => expect(shown()).toMatch(wanted));
    },
    ended: () => closed,
  };
}
