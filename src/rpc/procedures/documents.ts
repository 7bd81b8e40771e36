// A domain's XML, and what is changed by XML: devices and metadata.

import type { Connection } from '../../driver/connection.ts';
import type { DeviceFlags } from '../../driver/domain/devices.ts';
import { libvirtError } from '../../errors.ts';
import { affectOf, CONFIG, LIVE, named, onlyFlags } from '../flags.ts';
import { call, type Procedure } from '../procedure.ts';
import { domain } from '../types.ts';
import { int, nothing, optional, string, struct, uint } from '../xdr.ts';
import { domainOf } from './domain-of.ts';

/** virDomainXMLFlags. */
const XML = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 } as const;
const XML_KNOWN = XML.secure | XML.inactive | XML.migratable;

/** virDomainMetadataType. */
const TEXTS = ['description', 'title'] as const;
const ELEMENT = 2;

const devices = () => import('../../driver/domain/devices.ts');
const metadata = () => import('../../driver/domain/metadata.ts');

/** None of them: what runs, or what is stored of a domain that is off. */
const deviceFlags = (flags: number, name: string, more = 0): DeviceFlags => ({
  ...affectOf(flags, name, more),
  current: (flags & (LIVE | CONFIG)) === 0,
});

const FORCE = 4;

const ofDevice = struct({ domain, xml: string });
const ofDeviceWithFlags = struct({ domain, xml: string, flags: uint });

const notThere = () => libvirtError('NO_DOMAIN_METADATA', 'Requested metadata element is not present');

export const documentProcedures: Readonly<Record<number, Procedure>> = {
  14: call(struct({ domain, flags: uint }), struct({ xml: string }), async (connection, { domain: asked, flags }) => {
    onlyFlags(flags, XML_KNOWN, 'lxcDomainGetXMLDesc');
    const { domainXml } = await import('../../driver/domain/xml.ts');
    return { xml: await domainXml(connection, domainOf(asked), named(flags, XML)) };
  }),
  135: call(struct({ format: string, text: string, flags: uint }), struct({ xml: string }), async (connection, { format, text, flags }) => {
    onlyFlags(flags, 0, 'lxcConnectDomainXMLFromNative');
    const { domainXmlFromNative } = await import('../../driver/domain/native-conf.ts');
    return { xml: domainXmlFromNative(connection, format, text) };
  }),
  8: call(ofDevice, nothing, async (connection, { domain: asked, xml }) => {
    const { attachDevice } = await devices();
    await attachDevice(connection, domainOf(asked), xml, {});
  }),
  160: call(ofDeviceWithFlags, nothing, async (connection, { domain: asked, xml, flags }) => {
    const { attachDevice } = await devices();
    await attachDevice(connection, domainOf(asked), xml, deviceFlags(flags, 'lxcDomainAttachDeviceFlags'));
  }),
  13: call(ofDevice, nothing, async (connection, { domain: asked, xml }) => {
    const { detachDevice } = await devices();
    await detachDevice(connection, domainOf(asked), xml, {});
  }),
  161: call(ofDeviceWithFlags, nothing, async (connection, { domain: asked, xml, flags }) => {
    const { detachDevice } = await devices();
    await detachDevice(connection, domainOf(asked), xml, deviceFlags(flags, 'lxcDomainDetachDeviceFlags'));
  }),
  392: call(struct({ domain, alias: string, flags: uint }), nothing, async (connection, { domain: asked, alias, flags }) => {
    const { detachDeviceAlias } = await devices();
    await detachDeviceAlias(connection, domainOf(asked), alias, affectOf(flags, 'lxcDomainDetachDeviceAlias'));
  }),
  174: call(ofDeviceWithFlags, nothing, async (connection, { domain: asked, xml, flags }) => {
    const { updateDevice } = await devices();
    const which = deviceFlags(flags, 'lxcDomainUpdateDeviceFlags', FORCE);
    await updateDevice(connection, domainOf(asked), xml, { ...which, force: (flags & FORCE) !== 0 });
  }),
  264: call(
    struct({ domain, type: int, text: optional(string), key: optional(string), uri: optional(string), flags: uint }),
    nothing,
    async (connection, { domain: asked, type, text, key, uri, flags }) => {
      const affect = affectOf(flags, 'lxcDomainSetMetadata');
      const ref = domainOf(asked);
      const { setDomainMetadata, setDomainText } = await metadata();
      const what = TEXTS[type];
      if (what) await setDomainText(connection, ref, what, text ?? '', affect);
      else if (type === ELEMENT) await setDomainMetadata(connection, ref, { uri: uri ?? '', key, xml: text }, affect);
      else throw unknownType();
    },
  ),
  265: call(
    struct({ domain, type: int, uri: optional(string), flags: uint }),
    struct({ text: string }),
    async (connection: Connection, { domain: asked, type, uri, flags }) => {
      const affect = affectOf(flags, 'lxcDomainGetMetadata');
      const ref = domainOf(asked);
      const { domainMetadata, domainText } = await metadata();
      if (type === ELEMENT) return { text: domainMetadata(connection, ref, uri ?? '', affect) };
      const what = TEXTS[type];
      if (!what) throw unknownType();
      const text = domainText(connection, ref, what, affect);
      if (text === undefined) throw notThere();
      return { text };
    },
  ),
};

const unknownType = () => libvirtError('PLAIN', 'unknown metadata type');
