/** The libvirt whose interface, commands, messages and formats these are; scripts compare it. */
export const LIBVIRT_VERSION = '9.0.0';

/** As libvirt counts: a million, a thousand, one. */
export function versionNumber(version: string): bigint {
  const [major = 0, minor = 0, micro = 0] = version.split('.').map(Number);
  return BigInt(major) * 1_000_000n + BigInt(minor) * 1000n + BigInt(micro);
}
