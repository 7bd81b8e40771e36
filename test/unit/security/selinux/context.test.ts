import { describe, expect, it } from 'vitest';
import { formatContext, parseContext } from '../../../../src/security/selinux/context.ts';
import { parseLxcContexts } from '../../../../src/security/selinux/lxc-contexts.ts';

describe('parseContext()', () => {
  it.each([
    'system_u:system_r:container_t:s0-s0:c0.c1023',
    'system_u:object_r:container_file_t:s0:c1,c2',
    'unconfined_u:unconfined_r:unconfined_t',
  ])('reads %s, which formatContext() writes', (text) => {
    expect(formatContext(parseContext(text)!)).toBe(text);
  });
  it('tells the four parts', () => {
    expect(parseContext('u:r:t:s0:c1,c2')).toEqual({ user: 'u', role: 'r', type: 't', range: 's0:c1,c2' });
  });
  it.each(['', 'a', 'a:b', 'a::c', 'a:b:c:', 'a:b:c d', 'a:b:c:s0\n'])('finds none in %j', (text) => {
    expect(parseContext(text)).toBeUndefined();
  });
});

describe('parseLxcContexts()', () => {
  it('reads what containers need of it', () => {
    const text =
      'process = "system_u:system_r:container_t:s0"\n# file = "x"\nro_file = "system_u:object_r:ro_t:s0"\nfile = "system_u:object_r:container_file_t:s0"\n';
    expect(parseLxcContexts(text)).toEqual({
      process: 'system_u:system_r:container_t:s0',
      file: 'system_u:object_r:container_file_t:s0',
    });
  });
  it('has the one of init systems where the policy has one', () => {
    const text = 'process = "a:b:c_t:s0"\nfile = "a:b:f_t:s0"\n';
    expect(parseLxcContexts(text)?.init).toBeUndefined();
    expect(parseLxcContexts(`${text}init_process = "a:b:i_t:s0"\n`)).toEqual({
      process: 'a:b:c_t:s0',
      init: 'a:b:i_t:s0',
      file: 'a:b:f_t:s0',
    });
  });
  it.each(['', 'process = "a"', 'file = "a"', 'process = a\nfile = "b"'])('wants both: %j', (text) => {
    expect(parseLxcContexts(text)).toBeUndefined();
  });
});
