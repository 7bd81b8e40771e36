import { describe, expect, it } from 'vitest';
import { type EntryKind, landing, pathEnd, shown } from '../../../../src/container/copy/entry.ts';

describe('pathEnd()', () => {
  it.each([
    ['/a/b', { name: 'b', directory: '/a/', isContents: false, hasSlash: false }],
    ['/b', { name: 'b', directory: '/', isContents: false, hasSlash: false }],
    ['/a/b//', { name: 'b', directory: '/a/', isContents: false, hasSlash: true }],
    ['/a/.', { name: undefined, directory: '/a/', isContents: true, hasSlash: false }],
    ['/a/./', { name: undefined, directory: '/a/', isContents: true, hasSlash: true }],
    ['/a/..', { name: undefined, directory: '/a/', isContents: true, hasSlash: false }],
    ['/', { name: undefined, directory: '/', isContents: true, hasSlash: true }],
    ['/a/...', { name: '...', directory: '/a/', isContents: false, hasSlash: false }],
  ])('%s', (path, end) => expect(pathEnd(path)).toEqual(end));
});

describe('landing()', () => {
  const lands = (source: string, isDirectory: boolean, target: string, kind?: EntryKind) => {
    const place = landing({ isDirectory, end: pathEnd(source) }, { kind, end: pathEnd(target) });
    return place.kind === 'inside' ? `inside ${place.prefix.join('/')}` : place.kind === 'as' ? 'as' : place.why;
  };

  it.each([
    ['/f', false, '/t', undefined, 'as'],
    ['/f', false, '/t/', undefined, 'is not there'],
    ['/f', false, '/t', 'file', 'as'],
    ['/f', false, '/t/', 'file', 'is not a regular file'],
    ['/f', false, '/t', 'character', 'is not a regular file'],
    ['/f', false, '/t', 'directory', 'inside f'],
    ['/d', true, '/t', undefined, 'as'],
    ['/d/', true, '/t/', undefined, 'as'],
    ['/d/.', true, '/t', undefined, 'as'],
    ['/d', true, '/t', 'file', 'is not a directory'],
    ['/d', true, '/t', 'directory', 'inside d'],
    ['/d/', true, '/t', 'directory', 'inside d'],
    ['/d/.', true, '/t', 'directory', 'inside '],
    ['/', true, '/t', 'directory', 'inside '],
  ] as const)('%s (directory: %s) to %s, which is %s: %s', (source, isDirectory, target, kind, expected) =>
    expect(lands(source, isDirectory, target, kind)).toBe(expected),
  );
});

it('shown() has letters of UTF-8, and nothing that a terminal obeys', () => {
  expect(shown(Buffer.from('é/\x1b[2J\u009b1m\n', 'utf8').toString('latin1'))).toBe('é/?[2J?1m?');
});
