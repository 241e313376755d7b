// Moments at which this package once differed from node:zlib, each alone, compared in full: the
// random tests have to let more through.

const assert = require('node:assert/strict');
const { test } = require('../support/bounded');
const { assertSameAsync } = require('../support/same');
const { isNode, node, zlib } = require('../support/subject');
const { garbage, isDecompressor, packed, plain } = require('./material');
const { Life } = require('./life');
const { quiet, watch } = require('./quiet');

const failure = () => Object.assign(new Error('on purpose'), { code: 'ON_PURPOSE' });
const COMPRESSORS = ['Deflate', 'Gzip', 'DeflateRaw'];
const DECOMPRESSORS = ['Inflate', 'Gunzip', 'InflateRaw', 'Unzip'];
const ALL = [...COMPRESSORS, ...DECOMPRESSORS];

/** {title: [classes, scene, options]} */
const SCENES = {
  'a flush that fails is not told that it is done': [
    DECOMPRESSORS,
    ({ stream, life }) => stream.flush(4, life.callback('flush')),
  ],
  'a flush behind wrong data is not told that it is done': [
    ['Inflate', 'Gunzip', 'Unzip'],
    ({ stream, life }) => {
      stream.write(garbage.subarray(0, 3000));
      stream.flush(life.callback('flush'));
    },
  ],
  'a flush in flight hears of destroy(error) after its events': [
    ALL,
    ({ stream, life }) => {
      stream.flush(2, life.callback('flush'));
      stream.destroy(failure());
    },
  ],
  'a flush in flight hears of close() after its events': [
    ALL,
    ({ stream, life }) => {
      stream.flush(2, life.callback('flush'));
      stream.close();
    },
  ],
  'params() in flight fail after the events of close()': [
    ALL,
    ({ stream, life }) => {
      stream.params(1, 1, life.callback('params'));
      stream.close();
    },
  ],
  'a write after a flush of the kind Z_FINISH fails in a later turn': [
    COMPRESSORS,
    async ({ stream, life, settle }) => {
      stream.flush(4, life.callback('flush'));
      await settle();
      life.note(`write-gave-${stream.write('more')}-${stream.destroyed}`);
    },
  ],
  'callbacks go on after an end with bytes left over, though nobody reads': [
    ['Inflate', 'InflateRaw'],
    async ({ stream, life, settle, bytes }) => {
      stream.pause();
      stream.write(Buffer.concat([bytes, garbage.subarray(0, 50)]), life.callback('write-1'));
      await settle();
      stream.write(garbage.subarray(0, 50), life.callback('write-2'));
      stream.flush(life.callback('flush'));
      await settle();
      stream.end(life.callback('end-1'));
      await settle();
      stream.resume();
    },
    { highWaterMark: 1 },
  ],
  "a stream that ends before its input does: 'end' comes before what ends the writable side": [
    ['Inflate', 'InflateRaw'],
    ({ stream, life, bytes }) =>
      stream.end(Buffer.concat([bytes, garbage.subarray(0, 50)]), life.callback('end-1')),
  ],
  "close() in 'end' of a stream that ends before its input does": [
    ['Inflate', 'InflateRaw'],
    ({ stream, life, bytes }) => {
      stream.on('end', () => stream.close(life.callback('close-1')));
      stream.end(Buffer.concat([bytes, garbage.subarray(0, 50)]));
    },
  ],
  'a last flush of nothing ends the output in a later turn': [
    COMPRESSORS,
    async ({ stream, life, settle }) => {
      stream.resume();
      stream.flush();
      await settle();
      stream.on('finish', () => stream.destroy());
      stream.end(life.callback('end-1'));
    },
    { finishFlush: 2 },
  ],
  'a flush kind that does not exist, after end() and after finish': [
    ALL,
    async ({ stream, life, settle, bytes }) => {
      const flush = (kind) => {
        try {
          stream.flush(kind);
          life.note(`taken-${kind}`);
        } catch (error) {
          life.note(`refused-${kind}`, error);
        }
      };
      for (const kind of ['2', null, 7, -1]) if (kind !== null) flush(kind);
      stream.end(bytes);
      for (const kind of ['2', null, 7, -1]) flush(kind);
      await settle();
      for (const kind of ['2', null, 7, -1]) flush(kind);
    },
  ],
};

async function play(side, Class, scene, options) {
  const stream = new side[Class](options);
  const busy = watch(side, stream);
  const life = new Life(stream);
  const settle = () => quiet(life, busy);
  const bytes = isDecompressor(Class) ? packed(Class, 500) : plain.subarray(0, 500);
  process.setUncaughtExceptionCaptureCallback((error) => life.note('uncaught', error));
  try {
    await scene({ stream, life, settle, bytes });
    await settle();
    stream.destroy();
    await settle();
    return life.log.filter((entry) => entry !== 'data' && entry !== 'drain');
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}

for (const [title, [classes, scene, options]] of Object.entries(SCENES)) {
  test(title, async () => {
    for (const Class of classes) {
      await assertSameAsync((side) => play(side, Class, scene, options), Class);
    }
  });
}

/** Output of a raw stream that is cut into two writes and then ends too early, or is damaged. */
async function readInParts(side, { cut, end, damaged, chunkSize, reading }) {
  const bytes = Buffer.from(node.deflateRawSync(plain.subarray(0, 60_000), { level: 1 }));
  if (damaged) bytes.fill(0xff, end - 300, end - 280);
  const stream = new side.InflateRaw(chunkSize ? { chunkSize } : {});
  const busy = watch(side, stream);
  const life = new Life(stream, { data: reading === 'data' });
  if (reading === 'readable') {
    stream.on('readable', () => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) {
        if (stream.destroyed) life.note('data after destroy');
        life.chunks.push(chunk);
      }
    });
  }
  const seen = [];
  for (const part of [bytes.subarray(0, cut), bytes.subarray(cut, end)]) {
    stream.write(part);
    await quiet(life, busy);
    seen.push(life.output.length);
  }
  stream.end();
  await quiet(life, busy);
  return [...seen, life.output.length, life.log.filter((entry) => entry !== 'data')];
}

test('all that can be decoded is given, and what comes before an error is the same', async () => {
  for (const damaged of [false, true]) {
    for (const chunkSize of [64, 1000, undefined]) {
      for (const reading of ['data', 'readable']) {
        for (const cut of [2000, 2513, 5001]) {
          const how = { cut, end: 12_000, damaged, chunkSize, reading };
          await assertSameAsync(async (side) => {
            const [first, second, last, log] = await readInParts(side, how);
            // The callbacks of writes without one are not seen: 'drain' may come earlier.
            return [first, second, last, log.filter((entry) => entry !== 'drain')];
          }, JSON.stringify(how));
        }
      }
    }
  }
});

// README: node:zlib's thread works on, finds the damage, and then calls nobody back.
test('destroyed with damaged data in flight: the callbacks are called', async () => {
  const playDamaged = async (side, Class) => {
    const stream = new side[Class]();
    const busy = watch(side, stream);
    const life = new Life(stream);
    stream.write(garbage.subarray(0, 3000), life.callback('write'));
    stream.flush(life.callback('flush'));
    process.nextTick(() => stream.destroy());
    await quiet(life, busy);
    return life.log.filter((entry) => entry !== 'drain');
  };
  const called = ['close', 'write(null)', 'flush(Error ERR_STREAM_DESTROYED)'];
  for (const Class of ['Inflate', 'Gunzip', 'Unzip']) {
    assert.deepEqual(await playDamaged(node, Class), ['close'], Class);
    assert.deepEqual(await playDamaged(zlib, Class), isNode ? ['close'] : called, Class);
  }
});
