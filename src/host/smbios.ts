// What the firmware tells about the machine, from /sys/class/dmi/id.
import { readText } from './system-files.ts';

const DMI_DIRECTORY = '/sys/class/dmi/id';

export interface SmbiosSection {
  /** Element of libvirt's <sysinfo>. */
  name: 'bios' | 'system' | 'baseBoard' | 'chassis';
  entries: { name: string; value: string }[];
}

/** Entry names of <sysinfo> and the kernel's files. */
const SECTIONS = [
  { name: 'bios', entries: { vendor: 'bios_vendor', version: 'bios_version', date: 'bios_date', release: 'bios_release' } },
  {
    name: 'system',
    entries: {
      manufacturer: 'sys_vendor',
      product: 'product_name',
      version: 'product_version',
      serial: 'product_serial',
      uuid: 'product_uuid',
      sku: 'product_sku',
      family: 'product_family',
    },
  },
  {
    name: 'baseBoard',
    entries: {
      manufacturer: 'board_vendor',
      product: 'board_name',
      version: 'board_version',
      serial: 'board_serial',
      asset: 'board_asset_tag',
    },
  },
  {
    name: 'chassis',
    entries: { manufacturer: 'chassis_vendor', version: 'chassis_version', serial: 'chassis_serial', asset: 'chassis_asset_tag' },
  },
] as const;

/** The sections that have entries; none on a machine without SMBIOS. */
export function smbiosSections(): SmbiosSection[] {
  return SECTIONS.flatMap(({ name, entries }) => {
    const present = Object.entries(entries).flatMap(([entry, file]) => {
      const value = readText(`${DMI_DIRECTORY}/${file}`);
      return value ? [{ name: entry, value }] : [];
    });
    return present.length > 0 ? [{ name, entries: present }] : [];
  });
}

/** A uuid that names this machine for good: the firmware's, else the installation's; undefined when it has neither. */
export function machineUuid(): string | undefined {
  for (const file of [`${DMI_DIRECTORY}/product_uuid`, '/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const digits = readText(file)?.replaceAll('-', '').toLowerCase();
    // Firmware that was never told one has all digits alike.
    if (digits !== undefined && /^[0-9a-f]{32}$/.test(digits) && !/^(.)\1*$/.test(digits)) {
      return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    }
  }
  return undefined;
}
