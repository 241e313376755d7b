// The part of the conformance suite that reaches devices, in one process: each start takes seconds.

const FILES = [
  'round-trip-property',
  'stream-bytes-written',
  'stream-flush',
  'stream-params',
  'stream-reset',
];

for (const file of FILES) require(`../../conformance/${file}.test.js`);
