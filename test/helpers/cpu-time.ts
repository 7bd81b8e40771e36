import process from 'node:process';

/** The processor time, in ms, that this process takes for something: the same however much else the machine has to do. */
export function cpuMs(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
