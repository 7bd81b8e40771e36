import type { ParseHost } from '../../../src/domain/parse.ts';

/** Facts that never change: made-up numbers count upwards. */
export function testHost(): ParseHost {
  let made = 0;
  return {
    arch: 'x86_64',
    emulator: '/usr/lib/libvirt/libvirt_lxc',
    randomUuid: () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
    randomMac: () => `52:54:00:00:00:${String(++made).padStart(2, '0')}`,
  };
}

/** A domain around `inside`, whose other parts are the least that is allowed. */
export function domainWith(parts: { top?: string; devices?: string; os?: string }): string {
  return `<domain type='lxc'><name>t</name><memory>65536</memory>${parts.top ?? ''}<os><type>exe</type><init>/init</init>${parts.os ?? ''}</os><devices>${parts.devices ?? ''}</devices></domain>`;
}
