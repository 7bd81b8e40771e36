// Screens, sound, input, cards and redirected devices: for virtual machines only.

import { libvirtError } from '../../errors.ts';
import type { EchoedElement } from '../definition.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../xml/element.ts';
import { charTypeOf, parseCharSource } from './console.ts';
import {
  type AttributeReader,
  demanded,
  type EchoRule,
  echoedAttribute,
  echoedElement,
  hexadecimal,
  integer,
  nonZero,
  oldEnum,
  oneOf,
  onOff,
  orElse,
  positive,
  required,
  string,
  unsigned,
  yesNo,
} from './echoed.ts';

import type { PassiveRule } from './passive-rule.ts';

export const SOUND: PassiveRule = {
  name: 'sound',
  attributes: [['model', required(oneOf('sb16', 'es1370', 'pcspk', 'ac97', 'ich6', 'ich9', 'usb', 'ich7'))]],
  children: [
    { name: 'codec', many: true, attributes: [['type', required(oneOf('duplex', 'micro', 'output'))]] },
    { name: 'audio', omitEmpty: true, attributes: [['id', required(nonZero)]] },
  ],
  finish: (echoed) =>
    // Only the Intel ones have codecs.
    /^ich[67]$/.test(echoedAttribute(echoed, 'model') ?? '')
      ? echoed
      : { ...echoed, children: echoed.children.filter(({ name }) => name !== 'codec') },
};

const AUDIO_IO = (name: string): EchoRule => ({
  name,
  omitEmpty: true,
  attributes: [
    ['mixingEngine', yesNo],
    ['fixedSettings', yesNo],
    ['voices', positive],
    ['bufferLength', positive],
    ['name', string],
    ['streamName', string],
    ['latency', positive],
    ['dev', string],
    ['bufferCount', positive],
    ['tryPoll', yesNo],
    ['serverName', string],
    ['clientName', string],
    ['connectPorts', string],
    ['exactName', yesNo],
  ],
  children: [
    {
      name: 'settings',
      omitEmpty: true,
      attributes: [
        ['frequency', positive],
        ['channels', positive],
        ['format', oneOf('s8', 'u8', 's16', 'u16', 's32', 'u32', 'f32')],
      ],
    },
  ],
});

export const AUDIO: PassiveRule = {
  name: 'audio',
  attributes: [
    ['id', required(nonZero)],
    ['type', required(oneOf('none', 'alsa', 'coreaudio', 'jack', 'oss', 'pulseaudio', 'sdl', 'spice', 'file', 'dbus'))],
    ['driver', string],
    ['path', string],
    ['serverName', string],
    ['tryMMap', yesNo],
    ['exclusive', yesNo],
    ['dspPolicy', integer],
    ['timerPeriod', positive],
  ],
  children: [AUDIO_IO('input'), AUDIO_IO('output')],
};

export const HUB: PassiveRule = {
  name: 'hub',
  attributes: [
    [
      'type',
      demanded(
        oldEnum(['usb'], (value) => `unknown hub device type '${value}'`),
        'INTERNAL_ERROR',
        'missing hub device type',
      ),
    ],
  ],
};

export const REDIRFILTER: PassiveRule = {
  name: 'redirfilter',
  only: 'only one set of redirection filter rule is supported',
  children: [
    {
      name: 'usbdev',
      many: true,
      attributes: [
        ['class', filterField(2)],
        ['vendor', filterField(4)],
        ['product', filterField(4)],
        ['version', (element, name) => wildcard(attributeOf(element, name))],
        ['allow', required(yesNo)],
      ],
    },
  ],
};

function filterField(digits: number): AttributeReader {
  const read = hexadecimal(digits, { upper: true });
  return (element, name) => (wildcard(attributeOf(element, name)) === undefined ? undefined : read(element, name));
}

/** -1 stands for anything and is left out. */
function wildcard(text: string | undefined): string | undefined {
  return text === '-1' ? undefined : text;
}

export const SMARTCARD: PassiveRule = {
  name: 'smartcard',
  attributes: [['mode', required(oneOf('host', 'host-certificates', 'passthrough'))]],
  finish: (echoed, element) => smartcard(echoed, element),
};

function smartcard(echoed: EchoedElement, element: XmlElement): EchoedElement {
  switch (echoedAttribute(echoed, 'mode')) {
    case 'host-certificates': {
      const certificates = childrenOf(element, 'certificate').map(textOf);
      if (certificates.length !== 3) throw libvirtError('XML_ERROR', 'host-certificates mode needs exactly three certificates');
      const database = childOf(element, 'database');
      const path = database && textOf(database);
      if (path && !path.startsWith('/')) throw libvirtError('XML_ERROR', `expecting absolute path: ${path}`);
      const children = certificates.map((text) => echoedElement('certificate', [], [], text));
      if (path) children.push(echoedElement('database', [], [], path));
      return { ...echoed, children };
    }
    case 'passthrough': {
      if (attributeOf(element, 'type') === undefined)
        throw libvirtError('XML_ERROR', 'passthrough mode requires a character device type attribute');
      const type = charTypeOf(element);
      return { ...echoed, attributes: [...echoed.attributes, ['type', type]], children: parseCharSource(element, type, false) };
    }
    default:
      return echoed;
  }
}

const VIDEO_MODELS = ['default', 'vga', 'cirrus', 'vmvga', 'xen', 'vbox', 'qxl', 'parallels', 'virtio', 'gop', 'none', 'bochs', 'ramfb'];

export const VIDEO: PassiveRule = {
  name: 'video',
  finish: (_echoed, element) => {
    const model = childOf(element, 'model');
    const type = model && attributeOf(model, 'type');
    if (type !== undefined && !VIDEO_MODELS.includes(type)) throw libvirtError('CONFIG_UNSUPPORTED', `unknown video model '${type}'`);
    if (model === undefined || type === undefined || type === 'default') return echoedElement('video', []);
    if (type === 'none') return echoedElement('video', [], [echoedElement('model', [['type', type]])]);
    const memory = type === 'cirrus' || type === 'vga' || type === 'bochs' || type === 'vmvga' ? '16384' : undefined;
    const qxl = type === 'qxl';
    return echoedElement(
      'video',
      [],
      [
        echoedElement('model', [
          ['type', type],
          ['ram', qxl ? (unsigned(model, 'ram') ?? '65536') : undefined],
          ['vram', unsigned(model, 'vram') ?? (qxl ? '65536' : memory)],
          ['vram64', qxl ? positive(model, 'vram64') : undefined],
          ['vgamem', qxl ? (unsigned(model, 'vgamem') ?? '16384') : undefined],
          ['heads', unsigned(model, 'heads') ?? '1'],
          ['primary', yesNo(model, 'primary')],
          ['blob', onOff(model, 'blob')],
        ]),
      ],
    );
  },
};

export const GRAPHICS: PassiveRule = {
  name: 'graphics',
  attributes: [['type', required(oneOf('sdl', 'vnc', 'rdp', 'desktop', 'spice', 'egl-headless', 'dbus'))]],
  finish: (echoed, element) => {
    const type = echoedAttribute(echoed, 'type') ?? '';
    if (type !== 'vnc' && type !== 'spice' && type !== 'rdp') return echoed;
    const port = integer(element, 'port');
    const auto = port === undefined || port === '-1' || attributeOf(element, 'autoport') === 'yes';
    const listen = attributeOf(element, 'listen');
    return {
      ...echoed,
      attributes: [
        ...echoed.attributes,
        ['port', auto ? '-1' : (port ?? '-1')],
        ['autoport', auto ? 'yes' : 'no'],
        ...(listen === undefined ? [] : ([['listen', listen]] as [string, string][])),
      ],
      children: [
        echoedElement('listen', [
          ['type', 'address'],
          ['address', listen],
        ]),
      ],
    };
  },
};

export const INPUT: PassiveRule = {
  name: 'input',
  attributes: [
    [
      'type',
      demanded(
        oldEnum(['mouse', 'tablet', 'keyboard', 'passthrough', 'evdev'], (value) => `unknown input device type '${value}'`),
        'INTERNAL_ERROR',
        'missing input device type',
      ),
    ],
    ['bus', oldEnum(['ps2', 'usb', 'xen', 'parallels', 'virtio', 'none'], (value) => `unknown input bus type '${value}'`)],
  ],
};

export const REDIRDEV: PassiveRule = {
  name: 'redirdev',
  attributes: [
    ['bus', orElse(oneOf('usb'), 'usb')],
    ['type', demanded(string, 'INTERNAL_ERROR', 'missing type in redirdev')],
  ],
  finish: (echoed, element) => ({ ...echoed, children: parseCharSource(element, charTypeOf(element), false) }),
};
