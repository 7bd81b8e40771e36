// Numbers in columns of a fixed width, as virt-top has them. Pure.

/** Per cent in four characters. */
export function percentText(percent: number): string {
  if (percent <= 0) return ' 0.0';
  if (percent <= 9.9) return ` ${percent.toFixed(1)}`;
  if (percent <= 99.9) return percent.toFixed(1);
  return '100 ';
}

const UNITS = ['K', 'M', 'G'] as const;

/** A count in four characters; blank where there is none. One that has run backwards, or is too large, is marked. */
export function countText(count: number | bigint | undefined): string {
  if (count === undefined) return '    ';
  const number = BigInt(count);
  if (number < 0n) return '-!!!';
  if (number <= 9999n) return String(number).padStart(4);
  let rest = number;
  for (const unit of UNITS) {
    rest /= 1024n;
    if (rest <= 999n) return `${String(rest).padStart(3)}${unit}`;
  }
  return '>!!!';
}

const two = (number: number): string => String(number).padStart(2, '0');

/** A duration in nine characters: minutes and hundredths of a second, from twelve hours on hours, from a thousand on days. */
export function timeText(ns: bigint): string {
  const hundredths = Number(ns / 10_000_000n);
  const seconds = Math.floor(hundredths / 100);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours < 12) return `${String(minutes).padStart(3)}:${two(seconds % 60)}.${two(hundredths % 100)}`;
  if (hours <= 999) return `${String(hours).padStart(3)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${String(Math.floor(hours / 24)).padStart(3)}d${two(hours % 24)}:${two(minutes % 60)}`;
}

/** As OCaml prints a floating number: twelve digits at most, and a point in any case. */
export function floatText(value: number): string {
  const [digits = '0', exponent] = value.toExponential(11).split('e');
  const power = Number(exponent);
  const plain = power < -4 || power >= 12 ? undefined : trimmed(value.toFixed(Math.max(0, 11 - power)));
  if (plain !== undefined) return plain.includes('.') ? plain : `${plain}.`;
  const sign = power < 0 ? '-' : '+';
  return `${trimmed(digits)}e${sign}${two(Math.abs(power))}`;
}

const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** `17:04:05`, by the local clock. */
export const clockText = (time: Date): string => [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
