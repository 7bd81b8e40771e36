// Screens, sound, input, cards and redirected devices: for virtual machines only.

import { libvirtError } from '../../errors.ts';
import { integerAttribute } from '../../xml/attributes.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import {
  type AttributeReader,
  demanded,
  type EchoRule,
  echoedAttribute,
  echoedElement,
  hex,
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
} from '../../xml/echoed.ts';
import { attributeOf, childOf, childrenOf, textOf, type XmlElement } from '../../xml/element.ts';
import { CHAR_TYPES, charTypeOf, parseCharSource } from './console.ts';
import type { PassiveRule } from './passive-rule.ts';

const CODEC_TYPE: AttributeReader = (element, name) => {
  const type = attributeOf(element, name);
  if (type === undefined || !['duplex', 'micro', 'output'].includes(type))
    throw libvirtError('CONFIG_UNSUPPORTED', `unknown codec type '${type ?? '(null)'}'`);
  return type;
};

export const SOUND: PassiveRule = {
  name: 'sound',
  attributes: [['model', required(oneOf('sb16', 'es1370', 'pcspk', 'ac97', 'ich6', 'ich9', 'usb', 'ich7'))]],
  children: [
    { name: 'codec', many: true, attributes: [['type', CODEC_TYPE]] },
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
        ['class', filterField(2, 'Class code')],
        ['vendor', filterField(4, 'vendor ID')],
        ['product', filterField(4, 'product ID')],
        ['version', usbVersion],
        ['allow', required(yesNo)],
      ],
    },
  ],
};

function filterField(digits: 2 | 4, what: string): AttributeReader {
  return (element, name) => {
    const value = integerAttribute(element, name, { base: 0 });
    if (value === undefined || value === -1) return undefined;
    if (value < 0 || value >= 16 ** digits) throw libvirtError('INTERNAL_ERROR', `Invalid USB ${what} 0x${(value >>> 0).toString(16)}`);
    return hex(value, digits, true);
  };
}

/** Major and minor part, as `2.56`, of at most two digits each. */
function usbVersion(element: XmlElement, name: string): string | undefined {
  const text = wildcard(attributeOf(element, name));
  if (text === undefined) return undefined;
  const [, major, minor] = /^(\d{1,2})\.(\d{1,2})$/.exec(text) ?? [];
  if (major === undefined || minor === undefined) throw libvirtError('XML_ERROR', `Cannot parse USB device version ${text}`);
  return `${Number(major)}.${minor.padStart(2, '0')}`;
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
      // libvirt has no words for it.
      if (path === '') throw libvirtError('PLAIN', 'An error occurred, but the cause is unknown');
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
    [
      'bus',
      orElse(
        oldEnum(['usb'], (value) => `unknown redirdev bus '${value}'`),
        'usb',
      ),
    ],
    [
      'type',
      demanded(
        oldEnum(CHAR_TYPES, (value) => `unknown redirdev character device type '${value}'`),
        'INTERNAL_ERROR',
        'missing type in redirdev',
      ),
    ],
  ],
  boot: true,
  finish: (echoed, element) => ({ ...echoed, children: parseCharSource(element, echoedAttribute(echoed, 'type') ?? '', false) }),
};
