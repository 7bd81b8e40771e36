export { LIBVIRT_VERSION } from '../driver/version.ts';

/** Our own: that of package.json, as a test sees to. */
export const PROGRAM_VERSION = '0.1.0';
