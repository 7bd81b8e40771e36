// What may take long: whatever waits for a lock, for hooks, for a container's init or its files, for a program or a disk. All of it
// changes something, or looks into a container. The numbers are those of the tables.

const DOMAINS = [
  ...[9, 10, 11, 12, 27, 28, 29, 33, 34, 35, 196, 231, 234, 258, 309, 310, 350, 358, 390], // its life
  ...[8, 13, 160, 161, 174, 264], // devices and metadata
  ...[26, 30, 31, 32, 58, 197, 199, 204, 205, 219, 225, 254, 256], // what it may use
  ...[277, 349, 418], // its inside
];
const NETWORKS = [39, 40, 41, 42, 48, 49, 291, 406, 410, 432, 437];
const STORAGE = [76, 77, 78, 79, 80, 81, 82, 83, 90, 93, 94, 125, 165, 259, 260];
const HOST = [250, 288, 347];

export const longProcedures: ReadonlySet<number> = new Set([...DOMAINS, ...NETWORKS, ...STORAGE, ...HOST]);

/** Starts of domains that are to end with the connection (VIR_DOMAIN_START_AUTODESTROY). */
const STARTS: ReadonlySet<number> = new Set([10, 196, 309, 310]);
const AUTODESTROY = 2;

export const lastsWithConnection = (procedure: number, args: { flags?: number }): boolean =>
  STARTS.has(procedure) && ((args.flags ?? 0) & AUTODESTROY) !== 0;
