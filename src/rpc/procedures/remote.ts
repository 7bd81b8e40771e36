/** The program of libvirt's protocol by which everything of its API is called. */
export const REMOTE = 0x20008086;
