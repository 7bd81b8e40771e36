// <clock>: kept and printed; a container shares the host's clock.

import { libvirtError } from '../../errors.ts';
import { parseInt64, parseUint64 } from '../../values/numbers.ts';
import { requiredEnum } from '../../xml/attributes.ts';
import { type EchoRule, echo, echoedAttribute, oneOf, positive64, required, writeEchoed, yesNo } from '../../xml/echoed.ts';
import { attributeOf, childrenOf, mergedChild, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainClock } from '../definition.ts';

const OFFSETS = ['utc', 'localtime', 'variable', 'timezone', 'absolute'] as const;
const TIMERS = ['platform', 'pit', 'rtc', 'hpet', 'tsc', 'kvmclock', 'hypervclock', 'armvtimer'];

export function parseClock(domain: XmlElement): DomainClock {
  const element = mergedChild(domain, 'clock');
  const clock: DomainClock = { offset: 'utc', attributes: [], timers: [] };
  if (element === undefined) return clock;
  const text = attributeOf(element, 'offset') || undefined;
  const offset = text === undefined ? 'utc' : OFFSETS.find((known) => known === text);
  if (offset === undefined) throw libvirtError('CONFIG_UNSUPPORTED', `unknown clock offset '${text}'`);
  clock.offset = offset;
  switch (offset) {
    case 'utc':
    case 'localtime':
      adjust(clock, attributeOf(element, 'adjustment'), offset);
      break;
    case 'variable': {
      const adjustment = parseInt64(attributeOf(element, 'adjustment') ?? '') ?? 0n;
      const basis = attributeOf(element, 'basis') || 'utc';
      if (basis !== 'utc' && basis !== 'localtime') throw libvirtError('CONFIG_UNSUPPORTED', `unknown clock basis '${basis}'`);
      clock.attributes = [
        ['adjustment', String(adjustment)],
        ['basis', basis],
      ];
      break;
    }
    case 'timezone': {
      const timezone = attributeOf(element, 'timezone') || undefined;
      if (timezone === undefined) throw libvirtError('INTERNAL_ERROR', "missing 'timezone' attribute for clock with offset='timezone'");
      clock.attributes = [['timezone', timezone]];
      break;
    }
    case 'absolute': {
      const start = parseUint64(attributeOf(element, 'start') ?? '');
      if (start === undefined) throw libvirtError('INTERNAL_ERROR', "missing 'start' attribute for clock with offset='absolute'");
      clock.attributes = [['start', String(start)]];
      break;
    }
    default:
      offset satisfies never;
  }
  clock.timers = childrenOf(element, 'timer').map(parseTimer);
  return clock;
}

/** `reset` stays; a number makes it a variable clock on the same basis. */
function adjust(clock: DomainClock, adjustment: string | undefined, basis: string): void {
  if (!adjustment) return;
  if (adjustment === 'reset') {
    clock.attributes = [['adjustment', 'reset']];
    return;
  }
  const seconds = parseInt64(adjustment);
  if (seconds === undefined) throw libvirtError('XML_ERROR', `unknown clock adjustment '${adjustment}'`);
  clock.offset = 'variable';
  clock.attributes = [
    ['adjustment', String(seconds)],
    ['basis', basis],
  ];
}

const TIMER: EchoRule = {
  name: 'timer',
  attributes: [
    ['name', required(oneOf(...TIMERS))],
    ['present', yesNo],
    ['tickpolicy', oneOf('delay', 'catchup', 'merge', 'discard')],
    ['track', oneOf('boot', 'guest', 'wall', 'realtime')],
    ['frequency', positive64],
    ['mode', oneOf('auto', 'native', 'emulate', 'paravirt', 'smpsafe')],
  ],
  children: [
    {
      name: 'catchup',
      omitEmpty: true,
      attributes: [
        ['threshold', positive64],
        ['slew', positive64],
        ['limit', positive64],
      ],
    },
  ],
};

function parseTimer(element: XmlElement): DomainClock['timers'][number] {
  const name = requiredEnum(element, 'name', TIMERS);
  const echoed = echo(TIMER, element)!;
  const present = echoedAttribute(echoed, 'present');
  return { name, element: echoed, ...((present === 'yes' || present === 'no') && { present }) };
}

export function validateClock(clock: DomainClock): void {
  for (const { name, element } of clock.timers) {
    if (echoedAttribute(element, 'tickpolicy') !== 'catchup' && element.children.length > 0)
      throw libvirtError('XML_ERROR', "setting of timer catchup policies is only supported with tickpolicy='catchup'");
    if (name !== 'tsc' && echoedAttribute(element, 'frequency') !== undefined)
      throw libvirtError('CONFIG_UNSUPPORTED', `timer ${name} doesn't support setting of timer frequency`);
  }
}

export function writeClock(writer: XmlWriter, { offset, attributes, timers }: DomainClock): void {
  writer.block('clock', [['offset', offset], ...attributes], () => {
    for (const timer of timers) writeEchoed(writer, timer.element);
  });
}
