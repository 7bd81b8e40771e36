import { describe, expect, it } from 'vitest';
import { closed, openLine, typedAs } from '../../../src/vsh/open-line.ts';

describe('openLine()', () => {
  it.each([
    ['', [''], ''],
    ['li', ['li'], 'li'],
    ['start ', ['start', ''], ''],
    ['list; start  web', ['start', 'web'], 'web'],
    ["start 'my do", ['start', 'my do'], "'my do"],
    ['start "my d', ['start', 'my d'], '"my d'],
    ['start my\\ d', ['start', 'my d'], 'my\\ d'],
    ['echo "a;b" c', ['echo', 'a;b', 'c'], 'c'],
    ["echo 'a' ", ['echo', 'a', ''], ''],
    ["echo '' x", ['echo', '', 'x'], 'x'],
    ['start \\', ['start', ''], '\\'],
  ])('reads %j', (line, words, typed) => {
    expect(openLine(line)).toEqual({ words, typed });
  });
});

describe('typedAs()', () => {
  it('leaves a plain word as it is', () => {
    expect(typedAs(['web', 'db'], 'w')).toEqual(['web', 'db']);
  });
  it('quotes all where one needs it, in the quotes that were begun', () => {
    expect(typedAs(['my web', 'mydb'], 'my')).toEqual(["'my web", "'mydb"]);
    expect(typedAs(['my "web"'], '"my')).toEqual(['"my \\"web\\"']);
    expect(typedAs(["it's"], 'it')).toEqual([`"it's`]);
  });
  it.each(['plain', 'my web', `a'b`, 'a"b', 'x;y', 'back\\slash', '#hash'])('gives %j back when it is read', (text) => {
    const [typed] = typedAs([text], '');
    expect(openLine(`start ${closed(typed!)}`).words).toEqual(['start', text]);
  });
});
