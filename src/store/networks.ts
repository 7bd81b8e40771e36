// Networks on disk: definitions (/etc/libvirt/qemu/networks), what is active (/run/libvirt/network) with its ports, and the
// files of dnsmasq.
import fs from 'node:fs';
import path from 'node:path';
import { errnoCode, libvirtError, systemError } from '../errors.ts';
import { networkBody } from '../network/facts.ts';
import { listFolder, readIfThere, removeDurably, syncFolder, writeAtomically } from './atomic-write.ts';
import { namesIn, paths } from './paths.ts';

const definitionFile = (name: string): string => `${paths.networks}/${name}.xml`;
const autostartLink = (name: string): string => `${paths.networkAutostart}/${name}.xml`;
const statusFile = (name: string): string => `${paths.networkRun}/${name}.xml`;
const portFolder = (name: string): string => `${ownFolder(name)}/ports`;
const portFile = (name: string, uuid: string): string => `${portFolder(name)}/${uuid}.xml`;

const FOLDERS = `${paths.networkRun}/.ports`;

/**
 * The folder of a network lies beside the files of all: one whose name could be that of such a file has it elsewhere, unless an
 * older release has made it.
 */
function ownFolder(name: string): string {
  if (/^\.\.?$/.test(name)) return `${FOLDERS}/${name.replaceAll('.', 'dot')}`;
  const folder = `${paths.networkRun}/${name}`;
  if (folder === FOLDERS) return `${FOLDERS}/${name}`;
  if (!/\.(xml|pid|lock|new)$|^(autostarted|events\.log)$/.test(name)) return folder;
  return fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? folder : `${FOLDERS}/${name}`;
}

/** False: this store never had networks. */
export function networksAreSetUp(): boolean {
  return fs.existsSync(paths.networks);
}

export function definedNetworks(): string[] {
  return namesIn(listFolder(paths.networks), '.xml');
}

export function isNetworkDefined(name: string): boolean {
  return fs.existsSync(definitionFile(name));
}

/** The stored document without its comment. undefined where there is none. */
export function readNetworkDefinition(name: string): string | undefined {
  const text = readIfThere(definitionFile(name));
  if (text === undefined) return undefined;
  const body = networkBody(text);
  if (body === undefined) throw libvirtError('INTERNAL_ERROR', `file '${definitionFile(name)}' holds no network`);
  return body;
}

/** Stores a document that `network/stored.ts` made. */
export function writeNetworkDefinition(name: string, stored: string): void {
  writeAtomically(definitionFile(name), stored, { durable: true });
}

/** Removes the definition and its autostart mark. */
export function removeNetworkDefinition(name: string): void {
  setNetworkAutostart(name, false);
  removeDurably(definitionFile(name));
}

export function isNetworkAutostarted(name: string): boolean {
  return fs.lstatSync(autostartLink(name), { throwIfNoEntry: false }) !== undefined;
}

export function autostartedNetworks(): string[] {
  return namesIn(listFolder(paths.networkAutostart), '.xml');
}

/** Marks or unmarks; either may be so already. */
export function setNetworkAutostart(name: string, on: boolean): void {
  const link = autostartLink(name);
  if (!on) {
    removeDurably(link);
    return;
  }
  try {
    fs.mkdirSync(paths.networkAutostart, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw systemError(`cannot create autostart directory '${paths.networkAutostart}'`, error);
  }
  try {
    fs.symlinkSync(definitionFile(name), link);
    syncFolder(paths.networkAutostart);
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw systemError(`Failed to create symlink '${link}' to '${definitionFile(name)}'`, error);
  }
}

/** Names that have a status, stale ones included. */
export function networkStatusNames(): string[] {
  return namesIn(listFolder(paths.networkRun), '.xml');
}

/** The whole status document of a network that was started; its bridge may have vanished since. */
export function readNetworkStatus(name: string): string | undefined {
  return readIfThere(statusFile(name));
}

/** Not durable: a reboot ends every network, and /run with it. */
export function writeNetworkStatus(name: string, document: string): void {
  writeAtomically(statusFile(name), document, { durable: false });
}

export function removeNetworkStatus(name: string): void {
  fs.rmSync(statusFile(name), { force: true });
}

/** The uuids of the ports of a network. */
export function networkPorts(name: string): string[] {
  return namesIn(listFolder(portFolder(name)), '.xml');
}

/** The document of a port, or undefined. */
export function readPort(network: string, uuid: string): string | undefined {
  return readIfThere(portFile(network, uuid));
}

export function writePort(network: string, uuid: string, document: string): void {
  writeAtomically(portFile(network, uuid), document, { durable: false });
}

export function removePort(network: string, uuid: string): void {
  fs.rmSync(portFile(network, uuid), { force: true });
}

export function removeAllPorts(network: string): void {
  fs.rmSync(ownFolder(network), { recursive: true, force: true });
}

/** Where dnsmasq's files of a network lie. */
export function dnsmasqFiles(name: string) {
  return {
    config: `${paths.dnsmasq}/${name}.conf`,
    hostsFile: `${paths.dnsmasq}/${name}.hostsfile`,
    addnHosts: `${paths.dnsmasq}/${name}.addnhosts`,
    pidFile: `${paths.networkRun}/${name}.pid`,
  };
}

export const leasesFile = (bridge: string): string => `${paths.dnsmasq}/${fileName(bridge)}.status`;
export const macsFile = (bridge: string): string => `${paths.dnsmasq}/${fileName(bridge)}.macs`;

/** No bridge has a slash in its name, but a definition may: it must not lead to files of others. */
const fileName = (bridge: string): string => bridge.replaceAll('/', '!');

/** Replaces a file that other programs read, dnsmasq and the name service among them. */
export function writePublicFile(file: string, text: string): void {
  writeAtomically(file, text, { durable: false });
  try {
    fs.chmodSync(file, 0o644);
  } catch (error) {
    throw systemError(`cannot write file '${file}'`, error);
  }
}

/** Removes files; those that are not there are fine. */
export function removeFiles(...files: readonly string[]): void {
  for (const file of files) fs.rmSync(file, { force: true });
}

/** /run/libvirt/network and /var/lib/libvirt/dnsmasq. */
export function makeNetworkFolders(): void {
  for (const folder of [paths.networkRun, paths.dnsmasq]) {
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
    } catch (error) {
      throw systemError(`cannot create directory ${folder}`, error);
    }
  }
}

/** The first run since the host booted? Says so once. */
export function markNetworksAutostarted(): boolean {
  if (fs.existsSync(paths.networkAutostarted)) return false;
  fs.mkdirSync(path.dirname(paths.networkAutostarted), { recursive: true, mode: 0o755 });
  fs.closeSync(fs.openSync(paths.networkAutostarted, 'a', 0o600));
  return true;
}

/** Removes what outlives an active network: its leases and dnsmasq's files. */
export function forgetNetworkFiles(name: string, bridge: string | undefined): void {
  const { config, hostsFile, addnHosts } = dnsmasqFiles(name);
  removeFiles(config, hostsFile, addnHosts, ...(bridge === undefined ? [] : [leasesFile(bridge)]));
}
