// Names as users may choose them, those included that try to look like a part of a document.
import fc from 'fast-check';

const ODD = [
  'a&b',
  'it\'s <b> & "c"',
  '&amp;lt;',
  '&#10;',
  '--><domain>',
  '<metadata>',
  '</metadata>',
  '<uuid>00000000-0000-4000-8000-000000000000</uuid>',
  "<domstatus state='running' reason='booted' pid='1'>",
  "\u2028<network>\u2028  <bridge name='evil'/>",
  '<title>x</title>',
];

/** Not empty, without control characters or blanks at its ends. */
export const text = fc
  .oneof(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom(...ODD))
  .filter((value) => /^[^\0-\x1f\ufffe\uffff]+$/.test(value) && value.trim() === value);

/** What a domain or a network may be called. */
export const name = text.filter((value) => !value.includes('/'));
