// What the rules of devices without meaning have in common.

import { type EchoRule, onOff } from '../../xml/echoed.ts';

export const VIRTIO_DRIVER: EchoRule = {
  name: 'driver',
  omitEmpty: true,
  attributes: [
    ['iommu', onOff],
    ['ats', onOff],
    ['packed', onOff],
    ['page_per_vq', onOff],
  ],
};

export const VIRTIO_MODELS = ['virtio', 'virtio-transitional', 'virtio-non-transitional'];

export interface PassiveRule extends EchoRule {
  /** More than one is refused, in these words, as XML_ERROR (older ones: INTERNAL_ERROR). */
  only?: string;
  onlyCode?: 'XML_ERROR';
  /** It may have a <boot>. */
  boot?: boolean;
}
