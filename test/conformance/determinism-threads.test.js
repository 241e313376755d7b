// The bytes do not depend on the number of threads or on what else runs at the same time.

const assert = require('node:assert/strict');
const path = require('node:path');
const { runScene } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const skip = notForNode('WARPDRIVE_THREADS means nothing to it');

// Digests of many outputs; the streams run at the same time or one by one.
async function scene(zlib, { support, together }) {
  const { mixed, sha256 } = require(`${support}/data`);
  const { feed } = require(`${support}/feed`);
  const large = mixed(3_300_000);
  const points = (kind) => [4000, 65536, 1 << 20, 2_000_001].map((offset) => [offset, kind]);
  const jobs = [];
  for (const Compressor of ['Gzip', 'Deflate', 'DeflateRaw']) {
    for (const level of [1, 6]) {
      for (const step of [1024, 65536, large.length]) {
        jobs.push(() => feed(new zlib[Compressor]({ level }), large, step));
      }
    }
  }
  for (const kind of [0, 1, 2, 3, 5]) {
    jobs.push(() => feed(new zlib.Gzip({ level: 1 }), large, 65536, points(kind)));
  }
  jobs.push(() => feed(new zlib.Gzip(), large.subarray(0, 80_000), 1, points(2).slice(0, 2)));
  jobs.push(() => feed(new zlib.Gzip({ level: 9 }), large.subarray(0, 1_100_000), 65536));
  const outputs = together
    ? await Promise.all(jobs.map((job) => job()))
    : await jobs.reduce(async (done, job) => [...(await done), await job()], []);
  console.log(JSON.stringify(outputs.map(sha256)));
}

async function digests(threads, together) {
  const { code, stdout, stderr } = await runScene(
    scene,
    { support: path.join(__dirname, '../support'), together },
    { env: { WARPDRIVE_THREADS: String(threads) } },
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('1, 2 and 5 threads, streams one by one and all at the same time', { skip }, async () => {
  const expected = await digests(1, false);
  assert.equal(expected.length, 25);
  // The same data at the same level is the same however it was written.
  assert.equal(new Set(expected.slice(0, 3)).size, 1);
  for (const threads of [1, 2, 5]) {
    assert.deepEqual(await digests(threads, true), expected, `${threads} threads`);
  }
});
