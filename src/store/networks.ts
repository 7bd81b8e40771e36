// Networks on disk: definitions (/etc/libvirt/qemu/networks), what is active (/run/libvirt/network) with its ports, and the
// files of dnsmasq.
import fs from 'node:fs';
import { libvirtError, systemError } from '../errors.ts';
import { listDirectory } from '../host/system-files.ts';
import { networkBody } from '../network/facts.ts';
import { readIfThere, removeDurably, writeAtomically } from './atomic-write.ts';
import { setLink } from './autostart.ts';
import { namesIn, paths } from './paths.ts';
import { sweepDirectory } from './sweep.ts';

const definitionFile = (name: string): string => `${paths.networks}/${name}.xml`;
const autostartLink = (name: string): string => `${paths.networkAutostart}/${name}.xml`;
const statusFile = (name: string): string => `${paths.networkRun}/${name}.xml`;
const portDirectory = (name: string): string => `${ownDirectory(name)}/ports`;
const portFile = (name: string, uuid: string): string => `${portDirectory(name)}/${uuid}.xml`;

const ELSEWHERE = `${paths.networkRun}/.ports`;

/**
 * The directory of a network lies beside the files of all: one whose name could be that of such a file has it elsewhere, unless an
 * older release has made it.
 */
function ownDirectory(name: string): string {
  if (/^\.\.?$/.test(name)) return `${ELSEWHERE}/${name.replaceAll('.', 'dot')}`;
  const directory = `${paths.networkRun}/${name}`;
  if (directory === ELSEWHERE) return `${ELSEWHERE}/${name}`;
  if (!/\.(xml|pid|lock|new)$|^(autostarted|events\.log)$/.test(name)) return directory;
  return fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() ? directory : `${ELSEWHERE}/${name}`;
}

/** False: this store never had networks. */
export function networksAreSetUp(): boolean {
  return fs.existsSync(paths.networks);
}

export function definedNetworks(): string[] {
  return namesIn(listDirectory(paths.networks), '.xml');
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
  removeDurably(definitionFile(name));
  setNetworkAutostart(name, false);
}

export function isNetworkAutostarted(name: string): boolean {
  return fs.lstatSync(autostartLink(name), { throwIfNoEntry: false }) !== undefined;
}

export function autostartedNetworks(): string[] {
  return namesIn(listDirectory(paths.networkAutostart), '.xml');
}

/** Marks or unmarks; either may be so already. Throws SYSTEM_ERROR. */
export function setNetworkAutostart(name: string, on: boolean): void {
  setLink(autostartLink(name), definitionFile(name), on, `cannot create autostart directory '${paths.networkAutostart}'`);
}

/** Names that have a status, stale ones included. */
export function networkStatusNames(): string[] {
  return namesIn(listDirectory(paths.networkRun), '.xml');
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
  return namesIn(listDirectory(portDirectory(name)), '.xml');
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
  fs.rmSync(ownDirectory(network), { recursive: true, force: true });
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
export function makeNetworkDirectories(): void {
  for (const directory of [paths.networkRun, paths.dnsmasq]) {
    try {
      fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
    } catch (error) {
      throw systemError(`cannot create directory ${directory}`, error);
    }
  }
}

/** Removes the temporary files of killed commands. */
export function sweepNetworkDirectories(): void {
  for (const directory of [paths.networkRun, paths.dnsmasq]) sweepDirectory(directory);
}

/** Removes what outlives an active network: its leases and dnsmasq's files. */
export function forgetNetworkFiles(name: string, bridge: string | undefined): void {
  const { config, hostsFile, addnHosts } = dnsmasqFiles(name);
  removeFiles(config, hostsFile, addnHosts, ...(bridge === undefined ? [] : [leasesFile(bridge)]));
}
