// Conversations of libvirt's own virsh with its own daemon, 9.0: what of them is ours to say is read and written as it was said.
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, LibvirtError } from '../../../src/errors.ts';
import { refusal, toWire, wireError } from '../../../src/rpc/errors.ts';
import { encodeFrame, type Frame, KIND, STATUS } from '../../../src/rpc/frame.ts';
import { apiName } from '../../../src/rpc/procedures/api-names.ts';
import { type AnyType, XdrReader } from '../../../src/rpc/xdr.ts';
import { allProcedures } from '../../helpers/all-procedures.ts';
import { recordedExchanges } from '../../helpers/recorded-frames.ts';

const exchanges = recordedExchanges();
const procedures = await allProcedures();

/** The frame as it is written again, having been read by `type`. */
function again(type: AnyType, { header, payload }: Frame): string {
  const reader = new XdrReader(payload!);
  const value: unknown = type.read(reader);
  expect(reader.left).toBe(0);
  return encodeFrame(header, (to) => type.write(to, value)).toString('hex');
}

/** The longest words first: others are of any class. */
const CLASSES = (Object.entries(ERROR_CODES) as [ErrorCode, (typeof ERROR_CODES)[ErrorCode]][]).sort(
  ([, one], [, other]) => other.prefix.length - one.prefix.length,
);

describe('recorded conversations', () => {
  const ours = exchanges.filter(({ asked }) => procedures.has(asked.header.procedure));

  it('are of many procedures', () => {
    expect(new Set(ours.map(({ asked }) => asked.header.procedure)).size).toBeGreaterThan(80);
  });

  it.each(ours.map((one) => [apiName(one.asked.header.procedure) ?? `procedure ${one.asked.header.procedure}`, one] as const))(
    '%s',
    (_name, { asked, answered, bytes }) => {
      const { args, result } = procedures.get(asked.header.procedure)!;
      expect(asked.header.kind).toBe(KIND.call);
      expect(again(args, asked)).toBe(bytes.asked.toString('hex'));
      const type = answered.header.status === STATUS.ok ? result : wireError;
      expect(answered.header).toEqual({ ...asked.header, kind: KIND.reply, status: answered.header.status });
      expect(again(type, answered)).toBe(bytes.answered.toString('hex'));
    },
  );

  it('have no answer in them of a procedure that we refuse', () => {
    const refused = exchanges.filter(
      ({ asked, answered }) => !procedures.has(asked.header.procedure) && answered.header.status === STATUS.ok,
    );
    expect(refused.map(({ asked }) => apiName(asked.header.procedure))).toEqual([]);
  });

  it('have errors with the numbers that ours have', () => {
    const errors = exchanges.filter(({ answered }) => answered.header.status === STATUS.error);
    expect(errors.length).toBeGreaterThan(20);
    for (const { asked, answered } of errors) {
      const error = wireError.read(new XdrReader(answered.payload!));
      const { code, message = '' } = error;
      if (message === 'An error occurred, but the cause is unknown') continue;
      const [known] = CLASSES.filter(([, { number, prefix }]) => number === code && message.startsWith(prefix));
      expect(known, `${code} ${message}`).toBeDefined();
      const { driver = 'lxc' } = procedures.get(asked.header.procedure) ?? {};
      const ours = known![0] === 'NO_SUPPORT' ? refusal(message.replace(/.*: /, '')) : toWire(new LibvirtError(known![0], message), driver);
      expect({ code: ours.code, domain: ours.domain, message: ours.message, level: ours.level }).toEqual({
        ...{ code, domain: error.domain, message, level: error.level },
      });
      if (error.str1?.endsWith(': %s')) expect([ours.str1, ours.str2]).toEqual([error.str1, error.str2]);
    }
  });
});
