// The part of the conformance suite that reaches devices, in one process: each start takes seconds.
// What an emulated CPU has no time for is left out by name; file and reason stand beside each other.

const assert = require('node:assert/strict');
const bounded = require('../../support/bounded');

const ALL = /^/;

const FILES = {
  'chunk-size': ALL,
  'round-trip-property': ALL,
  // An engine gives output in other portions than zlib.
  'stream-bytes-written': /^(?!.*what is put out)/,
  'stream-flush': ALL,
  'stream-params': ALL,
  'stream-reset': ALL,
  // Levels 0 and 6 stay on the CPU by themselves.
  'single-member': /level 1$|^(the|zlib|callback)/,
  // Writes of several sizes are a case of device.js; those of one byte take 80,000 turns each.
  'determinism-chunking': /^(empty writes|many streams|chunkSize)/,
  // Two kinds of flush of five: the smaller segments are software's for all of them.
  'determinism-flush': /^(Z_SYNC_FLUSH, gzip|Z_FULL_FLUSH, raw|the option flush)/,
  // determinism-threads is left out: where many streams share a device its queue gets long, and new
  // ones go elsewhere. What is true then is a case of routing.js.
};

const { test } = bounded;
for (const [file, names] of Object.entries(FILES)) {
  let taken = 0;
  bounded.test = (name, ...rest) => {
    if (!names.test(name)) return;
    taken++;
    test(name, ...rest);
  };
  require(`../../conformance/${file}.test.js`);
  assert.ok(taken > 0, `${file} has no test named ${names}`);
}
