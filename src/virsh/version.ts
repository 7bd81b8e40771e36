/** The libvirt whose commands, messages and formats these are; scripts compare it. */
export const LIBVIRT_VERSION = '9.0.0';

/** Our own: that of package.json, as a test sees to. */
export const PROGRAM_VERSION = '0.1.0';
