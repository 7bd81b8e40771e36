// sVirt: the label that a container runs with. Here is what SELinux and AppArmor have in common: which of them this host has, which
// label a definition asks for, and who gives back what a label has made of the host.
import type { DomainDefinition, Seclabel } from '../domain/definition.ts';
import { labelModels } from '../domain/elements/seclabel.ts';
import { failureIn, failureInSync, libvirtError } from '../errors.ts';
import { activeLsm } from '../host/lsm.ts';
import { labelNotes, leftLabels, readLabelNote, removeLabelNote, writeLabelNote } from '../store/label-notes.ts';
import { readStatus } from '../store/live-status.ts';
import { lockStore, tryLockDomain } from '../store/lock.ts';
import { noteInLog } from '../store/log.ts';
import { lxcConf } from '../store/lxc-conf.ts';
import type { LabelDriver, LabelModel, OnExecLabel } from './label-driver.ts';
import { securityLevel } from './level.ts';

/** Loaded where there is such a kernel. */
const DRIVERS: Readonly<Record<LabelModel, () => Promise<LabelDriver>>> = {
  selinux: async () => (await import('./selinux/driver.ts')).selinux,
  apparmor: async () => (await import('./apparmor/driver.ts')).apparmor,
};

const isModel = (text: string): text is LabelModel => Object.hasOwn(DRIVERS, text);

/**
 * The driver of this host: the one that `security_driver` in lxc.conf names, else the one whose kernel this is; undefined: none.
 * Throws INTERNAL_ERROR with libvirt's words for a name that is unknown, or of a driver that this host has not.
 */
export async function labelDriver(): Promise<LabelDriver | undefined> {
  const wanted = lxcConf().text('security_driver');
  if (wanted === 'none') return undefined;
  if (wanted !== undefined && !isModel(wanted)) throw libvirtError('INTERNAL_ERROR', `Security driver ${wanted} not found`);
  const active = activeLsm();
  if (active !== undefined && (wanted === undefined || wanted === active)) {
    const driver = await DRIVERS[active]();
    if (driver.isUsable()) return driver;
  }
  if (wanted !== undefined) throw libvirtError('INTERNAL_ERROR', `Security driver ${wanted} not enabled`);
  return undefined;
}

export interface SecurityModel {
  model: LabelModel | 'none';
  doi: '0';
  baselabel: string | undefined;
}

/** As `capabilities` tells it, and a <seclabel> without a model means it. Throws as labelDriver(). */
export async function securityModel(): Promise<SecurityModel> {
  const driver = await labelDriver();
  return { model: driver?.model ?? 'none', doi: '0', baselabel: driver?.baselabel() };
}

/** Throws XML_ERROR for a static label that this host does not know: what no start could take on is not stored. */
export async function verifyLabels({ seclabels }: DomainDefinition): Promise<void> {
  const given = seclabels.filter(({ type }) => type === 'static');
  const driver = given.length > 0 ? await labelDriver() : undefined;
  for (const { model, label } of given) {
    if (driver && model === driver.model && !driver.isLabel(label!)) throw libvirtError('XML_ERROR', `Invalid security label ${label}`);
  }
}

/** A driver, and what it is to label a container with. */
export interface ChosenLabel {
  driver: LabelDriver;
  seclabel: Seclabel;
}

/**
 * The label that a run of `definition` has, which starts an init system or not. undefined: it has none, and nothing that is made for it is labelled.
 * Throws CONFIG_UNSUPPORTED for a model that this host has not, and for a container that must not be unconfined.
 */
export async function chooseLabel(definition: DomainDefinition, isInit = false): Promise<ChosenLabel | undefined> {
  const driver = await labelDriver();
  for (const model of labelModels(definition)) {
    if (model !== 'none' && model !== driver?.model)
      throw libvirtError('CONFIG_UNSUPPORTED', `Security driver model '${model}' is not available`);
  }
  const mustBeConfined = lxcConf().flag('security_require_confined') === true;
  if (!driver) {
    if (mustBeConfined) throw libvirtError('CONFIG_UNSUPPORTED', 'Security driver "none" cannot create confined guests');
    return undefined;
  }
  const seclabel = wantedLabel(definition, driver.model);
  // Differs from libvirt, which starts a container of which nothing is said, whatever is required: its documentation says otherwise.
  if (mustBeConfined && (seclabel === undefined || seclabel.type === 'none'))
    throw libvirtError('CONFIG_UNSUPPORTED', 'Unconfined guests are not allowed on this host');
  const hasOwn = isInit && securityLevel(definition) !== 'libvirt';
  return seclabel && { driver, seclabel: driver.choose(definition, seclabel, takenLabels(definition.name), hasOwn) };
}

function wantedLabel({ seclabels }: DomainDefinition, model: LabelModel): Seclabel | undefined {
  const given = seclabels.find((label) => label.model === model);
  if (given) return given;
  return lxcConf().flag('security_default_confined') ? { type: 'dynamic', model, relabel: 'yes' } : undefined;
}

const takenLabels = (except: string): Seclabel[] =>
  labelNotes().flatMap((name) => (name === except ? [] : (readLabelNote(name)?.seclabel ?? [])));

/** The definition as it runs with a label. */
export function withLabel(definition: DomainDefinition, chosen: Seclabel): DomainDefinition {
  const others = definition.seclabels.filter(({ model }) => model !== chosen.model);
  const at = definition.seclabels.findIndex(({ model }) => model === chosen.model);
  return { ...definition, seclabels: others.toSpliced(at < 0 ? others.length : at, 0, chosen) };
}

/**
 * Chooses a label, notes that it is taken and makes the host ready for it. The caller holds the domain's lock, and gives the label
 * back by releaseLabel(). Throws as chooseLabel() and LabelDriver.prepare(); nothing is taken then.
 */
export async function takeLabel(definition: DomainDefinition, isInit = false): Promise<ChosenLabel | undefined> {
  const chosen = await chooseAndNote(definition, isInit);
  if (!chosen) return undefined;
  try {
    chosen.driver.prepare(withLabel(definition, chosen.seclabel), chosen.seclabel);
  } catch (error) {
    removeLabelNote(definition.name);
    throw error;
  }
  return chosen;
}

/** No two starts choose the same. */
async function chooseAndNote(definition: DomainDefinition, isInit: boolean): Promise<ChosenLabel | undefined> {
  if (!(await labelDriver())) return chooseLabel(definition, isInit);
  using _store = lockStore();
  const chosen = await chooseLabel(definition, isInit);
  if (chosen) writeLabelNote({ domain: definition, seclabel: chosen.seclabel });
  return chosen;
}

/**
 * Takes back what the label of a run has made of the host, if there is any. The caller holds the domain's lock. Never throws: what
 * cannot be undone is told in the domain's log, and tried again by the next command that looks.
 */
export async function releaseLabel(name: string): Promise<void> {
  const note = readLabelNote(name);
  if (note) {
    const { domain, seclabel } = note;
    const failure = await failureIn(async () => {
      if (seclabel.model !== undefined && isModel(seclabel.model)) (await DRIVERS[seclabel.model]()).release(domain, seclabel);
    });
    if (failure) {
      noteInLog(name, `its security label '${seclabel.label ?? ''}' cannot be given up: ${failure.message}`);
      return;
    }
  }
  failureInSync(() => removeLabelNote(name));
}

/** The same for all domains that are off. Waits for nobody; `own` is a domain whose lock the caller holds. */
export async function releaseLeftLabels(own?: string): Promise<void> {
  for (const name of leftLabels()) {
    using lock = name === own ? undefined : tryLockDomain(name);
    if ((lock || name === own) && readStatus(name) === undefined) await releaseLabel(name);
  }
}

/** What a container that runs is labelled with. undefined: nothing. */
export async function runningLabel({ seclabels }: DomainDefinition): Promise<ChosenLabel | undefined> {
  for (const seclabel of seclabels) {
    if (seclabel.model === undefined || !isModel(seclabel.model) || seclabel.label === undefined) continue;
    return { driver: await DRIVERS[seclabel.model](), seclabel };
  }
  return undefined;
}

/** What a command that enters a running container is executed with; undefined: it keeps the label of who enters. */
export async function enterLabel(definition: DomainDefinition): Promise<OnExecLabel | undefined> {
  const running = await runningLabel(definition);
  return running?.driver.onExec(running.seclabel);
}
