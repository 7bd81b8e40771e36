// Facts of this host that plans are compiled with.
import fs from 'node:fs';
import process from 'node:process';
import type { DomainDefinition } from '../domain/definition.ts';
import { hostArchitecture } from '../host/parse-host.ts';
import { containerVariable } from '../store/lxc-conf.ts';
import type { HostFacts } from './plan/plan.ts';

export function hostFacts(domain: DomainDefinition): HostFacts {
  const mounts = fs.readFileSync('/proc/mounts', 'utf8');
  const limits = fs.readFileSync('/proc/self/limits', 'latin1');
  const status = fs.readFileSync('/proc/self/status', 'latin1');
  return {
    lastCapability: Number(fs.readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')),
    maxOpenFiles: Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? 4096),
    permittedCapabilities: BigInt(`0x${/^CapPrm:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`),
    hasSecurityfs: / \/sys\/kernel\/security securityfs /.test(mounts),
    hasSelinuxfs: / \/sys\/fs\/selinux selinuxfs /.test(mounts),
    hasTimeNamespaces: fs.existsSync('/proc/self/ns/time'),
    containerVariable: containerVariable(),
    is32Bit: domain.os.arch !== hostArchitecture(),
    machine: process.arch === 'arm64' ? 'arm64' : 'x64',
  };
}
