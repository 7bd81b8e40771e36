// Hook scripts that write down how they are called.
import fs from 'node:fs';
import { afterEach } from 'vitest';
import type { Virsh } from './virsh.ts';

export class Hooks {
  readonly #virsh: Virsh;

  constructor(virsh: Virsh) {
    this.#virsh = virsh;
  }

  /** Puts a script in place, with more that it is to do; nothing was called yet. */
  install(file: string, body = ''): void {
    const { prefix } = this.#virsh;
    const script = `#!/bin/sh\necho "${file} $1 $2 $3 $4" >>${prefix}/calls\ncat >${prefix}/xml.$2\n${body}\n`;
    fs.rmSync(this.#virsh.path('calls'), { force: true });
    this.#virsh.file(`etc/libvirt/hooks/${file}`, script, 0o755);
  }

  /** `FILE ARGUMENTS` of every call, in their order. */
  called(): string[] {
    return fs.readFileSync(this.#virsh.path('calls'), 'utf8').split('\n').filter(Boolean);
  }

  /** What the last call for `operation` had on its standard input. */
  input(operation: string): string {
    return fs.readFileSync(this.#virsh.path(`xml.${operation}`), 'utf8');
  }

  remove(): void {
    fs.rmSync(this.#virsh.path('etc/libvirt/hooks'), { recursive: true, force: true });
  }
}

/** For tests of one file: no script outlives its test. */
export function useHooks(virsh: Virsh): Hooks {
  const hooks = new Hooks(virsh);
  afterEach(() => hooks.remove());
  return hooks;
}
