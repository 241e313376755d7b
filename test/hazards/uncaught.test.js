// What users' listeners and callbacks throw goes where it goes in node: to 'uncaughtException',
// and without a listener for that it ends the process.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { assertEqualTo } = require('../support/same');
const { test } = require('../support/bounded');

// Where to throw. Each is a part of the scene's source, with `zlib`, `boom` and `data` in scope.
const PLACES = {
  'data listener of a compressor': 'zlib.createGzip().on("data", boom).end(data)',
  'data listener of a decompressor': 'zlib.createGunzip().on("data", boom).end(packed)',
  'end listener': 'zlib.createGzip().on("end", boom).resume().end(data)',
  'finish listener': 'zlib.createGzip().on("finish", boom).resume().end(data)',
  'close listener': 'zlib.createGzip().on("close", boom).destroy()',
  'error listener': 'zlib.createGunzip().on("error", boom).end("not gzip")',
  'no error listener': 'zlib.createGunzip().end("not gzip")',
  'callback of write': 'zlib.createGzip().resume().write(data, boom)',
  'callback of flush': 'zlib.createGzip().resume().flush(boom)',
  'callback of params': 'zlib.createGzip().resume().params(1, 1, boom)',
  'callback of end': 'zlib.createGzip().resume().end(data, boom)',
  'callback of close': 'zlib.createGzip().close(boom)',
  'callback of gzip()': 'zlib.gzip(data, boom)',
  'callback of gunzip()': 'zlib.gunzip(packed, boom)',
  'callback of gunzip() with an error': 'zlib.gunzip(data, boom)',
  'callback of gzip() beyond maxOutputLength': 'zlib.gzip(data, { maxOutputLength: 1 }, boom)',
};

const PRELUDE = `
  const data = Buffer.alloc(100_000, 'data');
  const packed = require('node:zlib').gzipSync(data);
  let times = 0;
  const boom = () => { if (times++ === 0) throw new Error('boom'); };`;

const caught = (place) => `(zlib) => {
  ${PRELUDE}
  const seen = [];
  process.on('uncaughtException', (error, origin) => seen.push([error.message, origin]));
  ${place};
  // The process and the module go on working.
  setTimeout(() => zlib.gzip(data, (error, result) => {
    seen.push(String(error ?? zlib.gunzipSync(result).equals(data)));
  }), 30);
  process.on('exit', () => console.log(JSON.stringify(seen)));
}`;

const notCaught = (place) => `(zlib) => { ${PRELUDE} ${place}; }`;

/** What was seen, sorted: the error and the later call's result are independent of each other. */
const inAnyOrder = (stdout) =>
  JSON.parse(stdout)
    .map((entry) => JSON.stringify(entry))
    .sort();

for (const [title, place] of Object.entries(PLACES)) {
  test(`thrown in: ${title}`, async () => {
    const [actual, expected] = await Promise.all([
      runScene(caught(place)),
      runScene(caught(place), null, { zlib: 'node:zlib' }),
    ]);
    assert.equal(actual.signal, null, actual.stderr);
    assertEqualTo(
      { code: actual.code, seen: inAnyOrder(actual.stdout) },
      { code: expected.code, seen: inAnyOrder(expected.stdout) },
      'code and what was caught',
    );
  });

  test(`thrown in: ${title}, and nobody catches`, async () => {
    const { code, signal, stderr } = await runScene(notCaught(place));
    assert.deepEqual({ code, signal }, { code: 1, signal: null }, stderr);
    assert.match(stderr, title === 'no error listener' ? /incorrect header check/ : /Error: boom/);
  });
}
