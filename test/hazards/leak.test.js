// 1,000 streams created and destroyed in mid-write leave nothing behind. The same check is then run
// with leaks put in, and must see each of them.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');

const MB = 1e6;
const STREAMS = 1000;
// Enough for a leak to be above what is allowed.
const STREAMS_WITH_LEAK = 300;
const ALLOWED = {
  // Some may still be on the stack or in a cache of the engine.
  aliveStreams: 20,
  externalBytes: 16 * MB,
  heapBytes: 12 * MB,
  // malloc gives memory back late and in part: a stream of node's own needs 0.27 MB.
  rssBytes: 100 * MB,
};

// Measures before and after; `leak` says what to leave behind on purpose.
async function scene(zlib, { streams, leak, allowedAlive }) {
  const fs = require('node:fs');
  const classes = ['Gzip', 'Deflate', 'DeflateRaw', 'Gunzip', 'Inflate', 'InflateRaw', 'Unzip'];
  const node = require('node:zlib');
  const plain = Buffer.alloc(256 * 1024, 'leave nothing behind, take everything with you');
  for (let i = 0; i < plain.length; i += 7) plain[i] = i * i;
  const packed = [node.gzipSync(plain), node.deflateSync(plain), node.deflateRawSync(plain)];
  const inputs = [plain, plain, plain, ...packed, packed[0]];
  const kept = [];
  const alive = new Set();
  const registry = new FinalizationRegistry((id) => alive.delete(id));

  function leave(stream) {
    if (leak === 'streams') kept.push(stream);
    if (leak === 'memory') kept.push(Buffer.alloc(64 * 1024, 1));
    if (leak === 'handles' && kept.length < 20) kept.push(setInterval(() => {}, 1e6));
    if (leak === 'threads' && kept.length < 3) {
      const { Worker } = require('node:worker_threads');
      kept.push(new Worker('setInterval(() => {}, 1e6)', { eval: true }));
    }
  }

  async function oneStream(i, watched) {
    const stream = new zlib[classes[i % classes.length]]();
    if (watched) {
      alive.add(i);
      registry.register(stream, i);
      leave(stream);
    }
    stream.on('error', () => {});
    if (i % 2) stream.on('data', () => {});
    stream.write(Buffer.from(inputs[i % classes.length]));
    stream.write(Buffer.from(inputs[i % classes.length]));
    // At once, in a microtask, or when the work may have begun.
    if (i % 3 === 1) await null;
    if (i % 3 === 2) await new Promise((resolve) => setImmediate(resolve));
    if (i % 5 === 0) stream.close();
    else stream.destroy(i % 4 ? undefined : new Error('on purpose'));
  }

  async function settle() {
    // Streams that are known to be kept are not waited for as long.
    const most = leak === 'streams' ? 100 : 2000;
    for (let i = 0; i < 30 || (i < most && alive.size > allowedAlive); i++) {
      global.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function measure() {
    await settle();
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      rss,
      heapUsed,
      external,
      threads: fs.readdirSync('/proc/self/task').length,
      handles: process.getActiveResourcesInfo().sort(),
    };
  }

  const round = async (watched) => {
    for (let i = 0; i < streams; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, k) => oneStream(i + k, watched)));
      // Else what is in flight at a time, and so the memory used, depends on the speed of threads.
      while (zlib.warpdrive?.stats().outstanding > 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  await round(false);
  const before = await measure();
  await round(true);
  const after = await measure();
  fs.writeSync(1, JSON.stringify({ before, after, alive: alive.size }));
  process.exit(0);
}

/** What is wrong with the measurements, in words. */
function complaints({ before, after, alive }) {
  const found = [];
  const above = (name, value, limit) => {
    if (value > limit) found.push(`${name}: ${value}, allowed ${limit}`);
  };
  above('streams', alive, ALLOWED.aliveStreams);
  above('external', after.external - before.external, ALLOWED.externalBytes);
  above('heap', after.heapUsed - before.heapUsed, ALLOWED.heapBytes);
  above('rss', after.rss - before.rss, ALLOWED.rssBytes);
  above('threads', after.threads, before.threads);
  if (String(after.handles) !== String(before.handles)) {
    found.push(`handles: ${after.handles}, before: ${before.handles}`);
  }
  return found;
}

async function run(streams, leak) {
  const argument = { streams, leak, allowedAlive: ALLOWED.aliveStreams };
  const result = await runScene(scene, argument, { execArgv: ['--expose-gc'] });
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.code, 0, result.stderr);
  return complaints(JSON.parse(result.stdout));
}

const skip = process.platform !== 'linux' && 'threads are counted in /proc';

test('nothing is left behind', { skip }, async () => {
  assert.deepEqual(await run(STREAMS, null), []);
});

for (const [leak, expected] of Object.entries({
  streams: /^streams: /,
  memory: /^(external|rss): /,
  handles: /^handles: /,
  threads: /^threads: /,
})) {
  test(`the check sees ${leak} that are left behind`, { skip }, async () => {
    const found = await run(STREAMS_WITH_LEAK, leak);
    assert.ok(
      found.some((complaint) => expected.test(complaint)),
      JSON.stringify(found),
    );
  });
}
