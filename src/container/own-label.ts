// The security label of a container that starts: taken before anything is made for it, given back unless it comes to run.
import type { DomainDefinition } from '../domain/definition.ts';
import type { OnExecLabel } from '../security/label-driver.ts';
import { type ChosenLabel, chooseLabel, releaseLabel, takeLabel, withLabel } from '../security/labels.ts';
import { initSystemOf } from './init-system.ts';

/** What a label makes of a container. */
export interface Labelled {
  /** As it runs, with its label. */
  definition: DomainDefinition;
  mountOptions?: Record<string, string>;
  onExec?: OnExecLabel | undefined;
}

/** Throws LibvirtError for a label that cannot be had; nothing is taken then. */
export async function ownLabel(definition: DomainDefinition): Promise<Labelled & AsyncDisposable & { keep(): void }> {
  const chosen = await takeLabel(definition, isInit(definition));
  let isOurs = chosen !== undefined;
  return {
    ...labelledBy(definition, chosen),
    keep: () => {
      isOurs = false;
    },
    [Symbol.asyncDispose]: async () => {
      if (isOurs) await releaseLabel(definition.name);
    },
  };
}

/** The label that a start would have, for a dry run. */
export async function labelOf(definition: DomainDefinition): Promise<Labelled> {
  return labelledBy(definition, await chooseLabel(definition, isInit(definition)));
}

/** By its name: the root is opened with the label that is chosen here. */
const isInit = ({ os }: DomainDefinition): boolean => initSystemOf(os, undefined) !== undefined;

function labelledBy(definition: DomainDefinition, chosen: ChosenLabel | undefined): Labelled {
  if (!chosen) return { definition };
  const { driver, seclabel } = chosen;
  return {
    definition: withLabel(definition, seclabel),
    mountOptions: driver.mountOptions(seclabel),
    onExec: driver.onExec(seclabel),
  };
}
