import { bytesOfKiB } from '../../../values/units.ts';
import { isTerminal } from '../../../vsh/terminal.ts';
import { defineReading, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { containmentJson, containmentRows } from './containment-rows.ts';

export const dominfo = defineReading({
  name: 'dominfo',
  group: 'monitor',
  summary: 'the main facts about a domain',
  description: 'Prints identity, state, processor time, memory and marks of a domain, one fact on a line.',
  options: [domainOption()],
  async read(context, args) {
    const domain = await findDomain(context, args);
    const { domainInfo } = await import('../../../driver/domain/info.ts');
    const info = await domainInfo(context.connection, domain);
    // Differs from libvirt: for people. What a script reads as text is libvirt's, byte for byte.
    if (!args.json && (context.settings.quiet || !isTerminal(1))) return { ...info, containment: undefined };
    const { domainContainment } = await import('../../../driver/domain/containment.ts');
    return { ...info, containment: domainContainment(context.connection, domain) };
  },
  text(info) {
    const rows: [string, string][] = [
      ['Id:', String(info.id ?? '-')],
      ['Name:', info.name],
      ['UUID:', info.uuid],
      ['OS Type:', info.osType],
      ['State:', info.state],
      ['CPU(s):', String(info.vcpus)],
    ];
    if (info.cpuTimeNs) rows.push(['CPU time:', `${(Number(info.cpuTimeNs) / 1e9).toFixed(1)}s`]);
    rows.push(
      ['Max memory:', `${info.maxMemoryKiB} KiB`],
      ['Used memory:', `${info.usedMemoryKiB} KiB`],
      ['Persistent:', info.persistent ? 'yes' : 'no'],
      ['Autostart:', info.autostart ? 'enable' : 'disable'],
      ...(info.autostartOnce ? [['Autostart Once:', 'enable'] as [string, string]] : []),
      ['Managed save:', 'no'],
      ['Security model:', info.security.model],
      ['Security DOI:', info.security.doi],
    );
    if (info.security.label !== undefined) rows.push(['Security label:', info.security.label]);
    if (info.containment) rows.push(...containmentRows(info.containment));
    return rows.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join('');
  },
  json: (info) => ({
    id: info.id,
    name: info.name,
    uuid: info.uuid,
    os_type: info.osType,
    state: info.state,
    cpus: info.vcpus,
    cpu_time_ns: info.cpuTimeNs,
    max_memory_bytes: bytesOfKiB(info.maxMemoryKiB),
    used_memory_bytes: bytesOfKiB(info.usedMemoryKiB),
    persistent: info.persistent,
    autostart: info.autostart,
    autostart_once: info.autostartOnce,
    managed_save: false,
    security: { model: info.security.model, doi: info.security.doi, label: info.security.label },
    containment: info.containment && containmentJson(info.containment),
  }),
});
