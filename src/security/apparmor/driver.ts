// AppArmor: profiles of containers.
import type { LabelDriver } from '../label-driver.ts';

export const apparmor: LabelDriver = {
  model: 'apparmor',
  isUsable: () => false,
  baselabel: () => undefined,
  isLabel: () => false,
  choose: (_definition, seclabel) => seclabel,
  prepare: () => {},
  release: () => {},
  mountOptions: () => ({}),
  onExec: () => undefined,
  labelOf: () => ({ label: 'unconfined', isEnforcing: false }),
};
