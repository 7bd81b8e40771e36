/** A path of the host as a definition names it: from `/` on, wherever the command that starts it was called. */
export const hostPath = (path: string): string => (path.startsWith('/') ? path : `/${path}`);
