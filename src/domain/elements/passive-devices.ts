// Devices of virtual machines that a container's definition may carry: kept and printed, without effect. Those that the LXC driver
// refuses (input, memory) are refused here.

import { libvirtError } from '../../errors.ts';
import type { EchoedElement } from '../../xml/echoed.ts';
import { echo, echoedAttribute, echoedElement, isBare } from '../../xml/echoed.ts';
import { childrenOf, type XmlElement } from '../../xml/element.ts';
import type { DomainDefinition, DomainDevices } from '../definition.ts';
import { validateEchoedSource } from './console.ts';
import { AUDIO, GRAPHICS, HUB, INPUT, REDIRDEV, REDIRFILTER, SMARTCARD, SOUND, VIDEO } from './desktop-devices.ts';
import { deviceInfoElements, parseDeviceInfo } from './device-info.ts';
import { IOMMU, LEASE, MEMBALLOON, MEMORY_DEVICE, NVRAM, PANIC, RNG, SHMEM, TPM, VSOCK, WATCHDOG } from './machine-devices.ts';
import type { PassiveRule } from './passive-rule.ts';

/** A reader of cards hangs on a CCID controller. */
function ccidAddress(slot: number): EchoedElement {
  return echoedElement('address', [
    ['type', 'ccid'],
    ['controller', '0'],
    ['slot', String(slot)],
  ]);
}

/** In the order in which libvirt reads them. */
const BEFORE_HOSTDEVS: readonly PassiveRule[] = [INPUT, GRAPHICS, SOUND, AUDIO, VIDEO];
const AFTER_HOSTDEVS: readonly PassiveRule[] = [WATCHDOG, MEMBALLOON, RNG, TPM, NVRAM, HUB, REDIRDEV, REDIRFILTER, PANIC, SHMEM];
const LAST: readonly PassiveRule[] = [MEMORY_DEVICE, IOMMU, VSOCK];

/** The order of printing; the hostdevs stand after video. */
const BEFORE_HOSTDEVS_PRINTED = ['input', 'tpm', 'graphics', 'sound', 'audio', 'video'];
const AFTER_HOSTDEVS_PRINTED = [
  'redirdev',
  'redirfilter',
  'hub',
  'watchdog',
  'memballoon',
  'rng',
  'nvram',
  'panic',
  'shmem',
  'memory',
  'iommu',
  'vsock',
];

/** Which echoed devices follow one another, by the typed device that they follow. */
export const PASSIVE_ORDER = {
  afterInterfaces: ['smartcard'],
  afterChannels: BEFORE_HOSTDEVS_PRINTED,
  afterHostdevs: AFTER_HOSTDEVS_PRINTED,
};

function parseAll(devices: XmlElement, rules: readonly PassiveRule[], live: boolean): EchoedElement[] {
  const kept: EchoedElement[] = [];
  for (const rule of rules) {
    const elements = childrenOf(devices, rule.name);
    if (rule.only && elements.length > 1) throw libvirtError(rule.onlyCode ?? 'INTERNAL_ERROR', rule.only);
    for (const element of elements) {
      const device = parsePassive(rule, element, live);
      if (device) kept.push(device);
    }
  }
  return kept;
}

function parsePassive(rule: PassiveRule, element: XmlElement, live: boolean): EchoedElement | undefined {
  const echoed = echo(rule, element);
  if (echoed === undefined || ['lease', 'redirfilter', 'audio', 'graphics'].includes(rule.name)) return echoed;
  const info = deviceInfoElements(parseDeviceInfo(element, { live, boot: rule.boot === true }));
  const device = { ...echoed, children: [...echoed.children, ...info] };
  // A panic device without a model or address has nothing to say.
  return rule.name === 'panic' && isBare(device) ? undefined : device;
}

export function parseSmartcards(devices: XmlElement, live: boolean): EchoedElement[] {
  const cards = parseAll(devices, [SMARTCARD], live);
  let slot = -1;
  return cards.map((card) => {
    const address = card.children.find(({ name }) => name === 'address');
    slot = Math.max(slot + (address ? 0 : 1), Number(address ? (echoedAttribute(address, 'slot') ?? -1) : -1));
    return address ? card : { ...card, children: [...card.children, ccidAddress(slot)] };
  });
}

export function parseEarlyPassive(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, BEFORE_HOSTDEVS, live);
}

export function parseLatePassive(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, AFTER_HOSTDEVS, live);
}

export function parseLastPassive(devices: XmlElement, live: boolean): EchoedElement[] {
  return parseAll(devices, LAST, live);
}

export function parseLeases(devices: XmlElement): EchoedElement[] {
  return parseAll(devices, [LEASE], false);
}

const ALL: readonly PassiveRule[] = [...BEFORE_HOSTDEVS, ...AFTER_HOSTDEVS, ...LAST, SMARTCARD, LEASE];

/** One device of a kind that is only kept; undefined for a name that is none of them. */
export function parsePassiveDevice(element: XmlElement, live: boolean): EchoedElement | undefined {
  const rule = ALL.find(({ name }) => name === element.local);
  return rule && parsePassive(rule, element, live);
}

/** Memory modules are refused before anything else about devices is looked at. */
export function rejectMemoryDevices({ others }: Pick<DomainDevices, 'others'>): void {
  if (others.some(({ name }) => name === 'memory'))
    throw libvirtError('CONFIG_UNSUPPORTED', 'memory devices are not supported by this driver');
}

/** The first video card is the primary one. */
export function settlePassive({ others }: DomainDevices): void {
  const models = others.flatMap(({ name, children }) => (name === 'video' ? children.filter((child) => child.name === 'model') : []));
  const [first] = models;
  if (first && !models.some((model) => echoedAttribute(model, 'primary') === 'yes') && echoedAttribute(first, 'type') !== 'none')
    first.attributes.push(['primary', 'yes']);
}

const noVideoModel = () => libvirtError('INTERNAL_ERROR', 'missing video model and cannot determine default');

/** There is no model that would do for every container. */
export function validateVideo({ children }: EchoedElement): void {
  if (!children.some(({ name }) => name === 'model')) throw noVideoModel();
}

/** What the LXC driver, or the lack of another device, does not allow. */
export function validatePassive(devices: DomainDevices): void {
  const { others } = devices;
  const all = (name: string): EchoedElement[] => others.filter((device) => device.name === name);
  for (const sound of all('sound')) {
    const audio = sound.children.find(({ name }) => name === 'audio');
    const id = audio && echoedAttribute(audio, 'id');
    if (id !== undefined && !all('audio').some((known) => echoedAttribute(known, 'id') === id))
      throw libvirtError('XML_ERROR', `no audio device with ID ${id}`);
  }
  // A screen needs a card, and there is none to choose here.
  const videos = all('video');
  if (videos.length === 0 && all('graphics').length > 0) throw noVideoModel();
  for (const video of videos) validateVideo(video);
  if (all('input').length > 0) throw libvirtError('INTERNAL_ERROR', 'Input devices are not supported by this virtualization driver.');
  const hasUsb = devices.controllers.some(
    (controller) => echoedAttribute(controller, 'type') === 'usb' && echoedAttribute(controller, 'model') !== 'none',
  );
  if (all('redirdev').length > 0 && !hasUsb)
    throw libvirtError('CONFIG_UNSUPPORTED', 'cannot add redirected USB device: USB is disabled for this domain');
  for (const redirdev of all('redirdev')) validateEchoedSource(redirdev);
}

/** Interrupt remapping needs an I/O APIC of the hypervisor's own. */
export function validateIommu({ devices, features }: DomainDefinition): void {
  const driver = devices.others.find(({ name }) => name === 'iommu')?.children.find(({ name }) => name === 'driver');
  if (driver === undefined) return;
  const ioapic = features.others.find(({ name }) => name === 'ioapic');
  if (echoedAttribute(driver, 'intremap') === 'on' && (!ioapic || echoedAttribute(ioapic, 'driver') !== 'qemu'))
    throw libvirtError('CONFIG_UNSUPPORTED', "IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu')");
  if (echoedAttribute(driver, 'eim') === 'on' && echoedAttribute(driver, 'intremap') !== 'on')
    throw libvirtError('CONFIG_UNSUPPORTED', 'IOMMU eim requires interrupt remapping to be enabled');
}
