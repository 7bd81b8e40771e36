// When to end: `YYYY-MM-DD HH:MM:SS` or `HH:MM:SS` by the local clock, `+HH:MM:SS` or `+SECONDS` from now. Pure.

/** Milliseconds since 1970; undefined for what is no time. */
export function endTimeMs(text: string, now: Date): number | undefined {
  const seconds = /^\+(\d{1,9})$/.exec(text);
  if (seconds) return now.getTime() + Number(seconds[1]) * 1000;
  const period = /^\+(\d{1,2}):(\d{2}):(\d{2})$/.exec(text);
  if (period) {
    const [hours, minutes, rest] = period.slice(1).map(Number) as [number, number, number];
    return isClock(hours, minutes, rest) ? now.getTime() + ((hours * 60 + minutes) * 60 + rest) * 1000 : undefined;
  }
  const date = /^(?:(\d{4})-(\d{1,2})-(\d{1,2}) )?(\d{1,2}):(\d{2}):(\d{2})$/.exec(text);
  if (!date) return undefined;
  const [year, month, day] = date[1] === undefined ? [now.getFullYear(), now.getMonth() + 1, now.getDate()] : date.slice(1, 4).map(Number);
  const [hours, minutes, rest] = date.slice(4).map(Number) as [number, number, number];
  const time = new Date(year!, month! - 1, day, hours, minutes, rest);
  return isClock(hours, minutes, rest) && time.getMonth() === month! - 1 ? time.getTime() : undefined;
}

const isClock = (hours: number, minutes: number, seconds: number): boolean => hours < 24 && minutes < 60 && seconds < 60;
