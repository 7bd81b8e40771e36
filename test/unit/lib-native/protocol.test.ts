// What the command and the controller say to each other stands in two languages: the same in both.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import * as protocol from '../../../lib-native/protocol.ts';
import { compareWithC, type Value } from '../../helpers/c-values.ts';
import { ROOT, suite } from '../../helpers/requires.ts';

const SINGLE_LETTERS = ['ORDER_GO', 'ORDER_PAUSED'];

/** In C a letter is a number. */
const inC = (name: string, value: Value): Value => (SINGLE_LETTERS.includes(name) ? String(value).charCodeAt(0) : value);

suite('the protocol of command and controller', ['cc'], () => {
  const values = new Map(Object.entries(protocol).map(([name, value]) => [name, inC(name, value)]));

  it('has the same values in protocol.ts and protocol.h', () => {
    expect(compareWithC(['"protocol.h"'], values)).toEqual({ differ: [], unknown: [] });
  });

  it('has no word in protocol.h that protocol.ts lacks', () => {
    const header = fs.readFileSync(`${ROOT}/lib-native/controller/protocol.h`, 'utf8');
    const defined = [...header.matchAll(/^#define (\w+) ./gm)].map(([, name]) => name!);
    const enumerated = [...header.matchAll(/^enum \w+ \{(.*)\};/gm)].flatMap(([, body]) =>
      [...body!.matchAll(/(\w+) =/g)].map(([, name]) => name!),
    );
    expect([...defined, ...enumerated].sort()).toEqual([...values.keys()].sort());
  });

  it('would be told of a difference', () => {
    const wrong = new Map<string, Value>([
      ['READY', 3],
      ['ABANDONED', -2],
      ['STARTING', 'libvirt_lxc old'],
      ['NO_SUCH_WORD', 1],
    ]);
    expect(compareWithC(['"protocol.h"'], wrong)).toEqual({
      differ: ['READY is not 3', 'ABANDONED is not -2', 'STARTING is not libvirt_lxc old'],
      unknown: ['NO_SUCH_WORD'],
    });
  });
});
