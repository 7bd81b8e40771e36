// An SELinux security context, `user:role:type:range`: what a process or a file is to the policy. Pure.

export interface Context {
  user: string;
  role: string;
  type: string;
  /** Of a policy with sensitivities and categories: `s0`, `s0:c1,c2`, `s0-s0:c0.c1023`. */
  range?: string;
}

/** undefined: it is none. */
export function parseContext(text: string): Context | undefined {
  const match = /^([^:\s]+):([^:\s]+):([^:\s]+)(?::(\S+))?$/.exec(text);
  if (!match) return undefined;
  const [, user, role, type, range] = match;
  return { user: user!, role: role!, type: type!, ...(range !== undefined && { range }) };
}

export const formatContext = ({ user, role, type, range }: Context): string =>
  [user, role, type, ...(range === undefined ? [] : [range])].join(':');
