// MAC addresses.

/** Lower case with two digits a byte; undefined if it is none. Single digits are taken. */
export function parseMac(text: string): string | undefined {
  const parts = /^\s*([0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5})\s*$/.exec(text)?.[1]?.split(':');
  return parts?.map((part) => part.toLowerCase().padStart(2, '0')).join(':');
}
