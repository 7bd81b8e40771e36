// What the kernel would do with a system call under a filter of ours: a machine for classic BPF, as seccomp(2) has it.

/** struct seccomp_data */
export interface Call {
  number: number;
  arch: number;
  args?: readonly (number | bigint)[];
}

export const ALLOWED = 0x7fff0000;
export const KILLED = 0x80000000;
export const refused = (errno: number): number => 0x00050000 + errno;

/** What the filter returns, and how many instructions it took. Throws where the kernel would not take the program. */
export function runFilter(program: Buffer, { number, arch, args = [] }: Call): { result: number; steps: number } {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(arch >>> 0, 4);
  args.forEach((value, i) => {
    data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + 8 * i);
  });
  let accumulator = 0;
  for (let at = 0, steps = 1; ; at++, steps++) {
    if (at * 8 >= program.length) throw new RangeError('the program runs past its end');
    const code = program.readUInt16LE(at * 8);
    const [ifTrue, ifFalse] = [program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)];
    const operand = program.readUInt32LE(at * 8 + 4);
    switch (code) {
      case 0x20:
        if (operand % 4 !== 0 || operand > 60) throw new RangeError(`a load from ${operand}`);
        accumulator = data.readUInt32LE(operand);
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x05:
        at += operand;
        break;
      case 0x15:
        at += accumulator === operand ? ifTrue : ifFalse;
        break;
      case 0x35:
        at += accumulator >= operand ? ifTrue : ifFalse;
        break;
      case 0x45:
        at += (accumulator & operand) !== 0 ? ifTrue : ifFalse;
        break;
      case 0x06:
        return { result: operand, steps };
      default:
        throw new RangeError(`an unknown instruction 0x${code.toString(16)}`);
    }
  }
}
