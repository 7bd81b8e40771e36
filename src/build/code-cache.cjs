// code-cache.cjs BUNDLE CACHE COMMANDS: runs the commands (a JSON array of words each) and writes BUNDLE's code cache, so that
// it holds the functions that they called.

const { readFileSync, writeFileSync } = require('node:fs');
const { Module } = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

const [filename, cache, commands] = process.argv.slice(2);
const script = new Script(readFileSync(filename, 'latin1'), { filename });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, Module.createRequire(filename), bundle, filename, dirname(filename));

(async () => {
  for (const words of JSON.parse(commands)) await bundle.exports.main(words);
  writeFileSync(cache, script.createCachedData());
  process.exit(0);
})();
