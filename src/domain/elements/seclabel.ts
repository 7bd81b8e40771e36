// <seclabel> of a domain.

import { libvirtError } from '../../errors.ts';
import { enumAttribute, YES_NO } from '../../xml/attributes.ts';
import { echoedAttribute } from '../../xml/echoed.ts';
import { attributeOf, childrenOf, childText, type XmlElement } from '../../xml/element.ts';
import type { XmlWriter } from '../../xml/writer.ts';
import type { DomainDefinition, Seclabel } from '../definition.ts';

const TYPES = ['none', 'dynamic', 'static'] as const;

/**
 * `live`: labels that libvirt chose itself (of dynamic labels, and image labels) are read too. `hostModel`: the host's way of
 * labelling, which a label without a model means.
 */
export function parseSeclabels(domain: XmlElement, live: boolean, hostModel = 'none'): Seclabel[] {
  const elements = childrenOf(domain, 'seclabel');
  const labels: Seclabel[] = [];
  const models = new Set<string | undefined>();
  for (const element of elements) {
    const label = parseSeclabel(element, live);
    if (models.has(label.model)) throw libvirtError('PLAIN', `seclabel for model ${label.model ?? '(null)'} is already provided`);
    models.add(label.model);
    labels.push(label);
  }
  const [only] = labels;
  if (labels.length > 1) {
    if (labels.some(({ model }) => model === undefined))
      throw libvirtError('XML_ERROR', 'missing security model when using multiple labels');
    return labels.filter(({ type }) => type !== 'default');
  }
  if (only !== undefined && only.model === undefined) {
    if (only.type !== 'none' && (only.type !== 'dynamic' || only.baselabel !== undefined))
      throw libvirtError('XML_ERROR', 'missing security model in domain seclabel');
    // Without a security driver on the host it can only mean none.
    return [hostModel === 'none' ? { type: 'none', model: 'none' } : { ...only, model: hostModel }];
  }
  return labels.filter(({ type }) => type !== 'default');
}

function parseSeclabel(element: XmlElement, live: boolean): Seclabel {
  const given = enumAttribute(element, 'type', TYPES);
  const model = attributeOf(element, 'model');
  let type: Seclabel['type'] = given ?? 'default';
  let relabel = enumAttribute(element, 'relabel', YES_NO);
  if (relabel === undefined) relabel = type === 'dynamic' ? 'yes' : 'no';
  else {
    if (type === 'dynamic' && relabel === 'no') throw libvirtError('CONFIG_UNSUPPORTED', 'dynamic label type must use resource relabeling');
    if (type === 'none' && relabel === 'yes')
      throw libvirtError('CONFIG_UNSUPPORTED', "resource relabeling is not compatible with 'none' label type");
  }
  // There is nothing to label with the model `none`.
  if (model === 'none') {
    type = 'none';
    relabel = 'no';
  }
  const seclabel: Seclabel = { type, ...(model !== undefined && { model }) };
  if (type === 'none' || type === 'default') return seclabel;
  seclabel.relabel = relabel;
  if (type === 'static' || live) {
    const label = childText(element, 'label');
    if (label === undefined && type === 'static') throw libvirtError('XML_ERROR', 'security label is missing');
    if (label !== undefined) seclabel.label = label;
  }
  if (relabel === 'yes' && live) {
    const imagelabel = childText(element, 'imagelabel');
    if (imagelabel !== undefined) seclabel.imagelabel = imagelabel;
  }
  const baselabel = type === 'dynamic' ? childText(element, 'baselabel') : undefined;
  if (baselabel !== undefined) seclabel.baselabel = baselabel;
  return seclabel;
}

export function writeSeclabel(writer: XmlWriter, label: Seclabel, live: boolean): void {
  if (label.type === 'default') return;
  writer.block(
    'seclabel',
    [
      ['type', label.type],
      ['model', label.model],
      ['relabel', label.relabel],
    ],
    () => {
      if (label.type === 'none') return;
      if (live || label.type === 'static') writer.text('label', label.label);
      if (live && label.relabel === 'yes') writer.text('imagelabel', label.imagelabel);
      writer.text('baselabel', label.baselabel);
    },
  );
}

/** The models that a definition's labels name, those of its disks too. A pty has none. */
export function labelModels({ seclabels, devices: { disks } }: DomainDefinition): string[] {
  const ofDisks = disks.flatMap(({ sourceElement }) => sourceElement?.children.filter(({ name }) => name === 'seclabel') ?? []);
  const models = [...seclabels.map(({ model }) => model), ...ofDisks.map((label) => echoedAttribute(label, 'model'))];
  return models.filter((model) => model !== undefined);
}
