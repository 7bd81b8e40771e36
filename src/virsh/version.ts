/** The libvirt whose commands, messages and formats these are; scripts compare it. */
export const LIBVIRT_VERSION = '9.0.0';
