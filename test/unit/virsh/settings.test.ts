import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../../src/virsh/settings.ts';

const read = (...argv: string[]) => readCommandLine(argv, {});

describe('readCommandLine()', () => {
  it('is interactive without a command', () => {
    expect(read('-r').settings).toMatchObject({ interactive: true, readonly: true });
    expect(read('list').settings.interactive).toBe(false);
  });
  it('takes the URI from -c, then from VIRSH_DEFAULT_CONNECT_URI', () => {
    expect(readCommandLine(['-c', 'a', 'x'], { VIRSH_DEFAULT_CONNECT_URI: 'b' }).settings.uri).toBe('a');
    expect(readCommandLine(['x'], { VIRSH_DEFAULT_CONNECT_URI: 'b' }).settings.uri).toBe('b');
    expect(read('x').settings.uri).toBeUndefined();
  });
  it.each([
    ['^]', 0x1d],
    ['^a', 0x01],
    ['^@', 0x00],
    ['^_', 0x1f],
    ['x', 0x78],
  ])('understands the escape sequence %s', (text, byte) => {
    expect(read('-e', text, 'x').settings.escape).toEqual({ byte, text });
  });
  it.each(['', '^', 'xyz', '^1', '^^^', 'ü'])('refuses the escape sequence %j', (text) => {
    expect(() => read('-e', text)).toThrow(`Invalid string '${text}' for escape sequence`);
  });
  it('goes on after a debug level out of range, and refuses what is no number', () => {
    expect(read('-d', '9', 'x')).toMatchObject({ complaints: ['ignoring debug level 9 out of range [0-4]'], settings: { debugLevel: 4 } });
    expect(() => read('-d', 'x')).toThrow('option -d takes a numeric argument');
  });
  it('complains of a level in VIRSH_DEBUG that is none, again if no other is given', () => {
    const complaint = 'VIRSH_DEBUG not set with a valid numeric value';
    const withLevel = (level: string, ...argv: string[]) => readCommandLine([...argv, 'x'], { VIRSH_DEBUG: level });
    expect(withLevel('2')).toMatchObject({ complaints: [], settings: { debugLevel: 2 } });
    for (const level of ['', 'x', '5', '-1', '0x1', '1.0'])
      expect(withLevel(level)).toMatchObject({ complaints: [complaint, complaint], settings: { debugLevel: 4 } });
    expect(withLevel('x', '-d', '0')).toMatchObject({ complaints: [complaint], settings: { debugLevel: 0 } });
  });
  it('checks the keepalive options and forgets them', () => {
    expect(() => read('-k', '-1')).toThrow('option -k requires a positive integer argument');
    expect(() => read('-K', 'x')).toThrow('Invalid value for option -K');
    expect(() => read('-k', '08')).toThrow('Invalid value for option -k');
    expect(() => read('-k', '0x80000000')).toThrow('Invalid value for option -k');
    expect(read('-k', '0x10', '-K', '07', 'x').words).toEqual(['x']);
    expect(read('-k', '5', '-K', '0', 'x').words).toEqual(['x']);
  });
  it('has nobody asked for passwords, whether that is told to it or not', () => {
    expect(read('--no-pkttyagent', 'x').words).toEqual(['x']);
    expect(read('--no', 'x').words).toEqual(['x']);
    expect(() => read('--no-pkttyagent=1', 'x')).toThrow("unsupported option '--no-pkttyagent=1'");
  });
  it('calls an option by the name that was used', () => {
    expect(() => read('--debug', 'x')).toThrow('option --debug takes a numeric argument');
    expect(() => read('--deb=99999999999')).toThrow('option --debug takes a numeric argument');
    expect(() => read('--keepalive-interval=-1')).toThrow('option --keepalive-interval requires a positive integer argument');
    expect(() => read('--keepalive-count', 'x')).toThrow('Invalid value for option --keepalive-count');
  });
  it('connects first where -c says to what', () => {
    expect(read('-c', 'a', 'x').settings.connectsFirst).toBe(true);
    expect(readCommandLine(['x'], { VIRSH_DEFAULT_CONNECT_URI: 'b' }).settings.connectsFirst).toBe(false);
  });
  it('tells about itself at the first request', () => {
    expect(read('-v').about).toBe('version');
    expect(read('--version=long').about).toBe('long-version');
    expect(read('-V').about).toBe('long-version');
    expect(read('-h', '-v').about).toBe('help');
    expect(read('-hz', '--bogus').about).toBe('help');
  });
  it('says what it complains of before what it gives up for', () => {
    expect(() => read('-d', '9', '--bogus')).toThrow(
      "ignoring debug level 9 out of range [0-4]\nunsupported option '--bogus'. See --help.",
    );
  });
});
