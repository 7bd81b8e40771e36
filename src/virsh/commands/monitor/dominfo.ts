import { isTerminal } from '../../../vsh/terminal.ts';
import { defineCommand, domainOption } from '../../command.ts';
import { findDomain } from '../lookup.ts';
import { containmentRows } from './containment-rows.ts';

export const dominfo = defineCommand({
  name: 'dominfo',
  group: 'monitor',
  summary: 'the main facts about a domain',
  description: 'Prints identity, state, processor time, memory and marks of a domain, one fact on a line.',
  options: [domainOption()],
  async run(context, args) {
    const domain = await findDomain(context, args);
    const { domainInfo } = await import('../../../driver/domain/info.ts');
    const info = await domainInfo(context.connection, domain);
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
      ['Managed save:', 'no'],
      ['Security model:', info.security.model],
      ['Security DOI:', info.security.doi],
    );
    if (info.security.label !== undefined) rows.push(['Security label:', info.security.label]);
    // Differs from libvirt: for people. What a script reads is libvirt's, byte for byte.
    if (!context.settings.quiet && isTerminal(1)) {
      const { domainContainment } = await import('../../../driver/domain/containment.ts');
      rows.push(...containmentRows(domainContainment(context.connection, domain)));
    }
    context.print(rows.map(([label, value]) => `${label.padEnd(15)} ${value}\n`).join(''));
  },
});
