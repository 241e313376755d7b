// WARPDRIVE_STREAMS chooses what the streams are built on.
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const { test } = require('node:test');

const script = `
  const { Readable } = require('readable-stream');
  const zlib = require('.');
  const gzip = zlib.createGzip();
  const built = gzip instanceof require('readable-stream').Transform;
  const plain = Buffer.alloc(2_500_000, 'on another Transform ');
  const parts = [];
  Readable.from([plain.subarray(0, 70_000), plain.subarray(70_000)])
    .pipe(gzip).pipe(zlib.createGunzip())
    .on('data', (part) => parts.push(part))
    .on('end', () => console.log(built, Buffer.concat(parts).equals(plain)));
`;

test('WARPDRIVE_STREAMS=readable-stream builds on that package', () => {
  const env = { ...process.env, WARPDRIVE_STREAMS: 'readable-stream' };
  const options = { cwd: `${__dirname}/../..`, env, encoding: 'utf8' };
  assert.equal(execFileSync(process.execPath, ['-e', script], options), 'true true\n');
});

test('a value that is neither is refused', () => {
  const env = { ...process.env, WARPDRIVE_STREAMS: 'mine' };
  const options = { cwd: `${__dirname}/../..`, env, encoding: 'utf8' };
  const { status, stderr } = spawnSync(process.execPath, ['-e', "require('.')"], options);
  assert.notEqual(status, 0);
  assert.match(stderr, /WARPDRIVE_STREAMS must be 'node' or 'readable-stream', not 'mine'/);
});
