// What a container wrote, for a person's terminal: that must not be told to do anything by it. Pure.

/** Escape sequences that set colours and the like are left; everything else that controls a terminal is shown as ^X, or ?. */
export function withoutControl(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const shown = text.replace(/\x1b\[[0-9;]*m|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2(?:[\x80-\x9f]|$)/g, (found) =>
    found.startsWith('\x1b[') ? found : found.startsWith('\xc2') ? '?' : `^${String.fromCharCode(found.charCodeAt(0) ^ 0x40)}`,
  );
  return Buffer.from(shown, 'latin1');
}
