// The order of events and callbacks in a stream's ordinary life.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { node, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const small = text(500);
const large = text(300_000);

// Each plays on a stream; `data` is what the stream can work on, `note` makes callbacks.
const SCENES = {
  'write and end': (stream, data) => {
    stream.write(data);
    stream.end();
  },
  'end with data': (stream, data) => stream.end(data),
  'end with data and callback': (stream, data, note) => stream.end(data, note('end()')),
  'end with callback': (stream, data, note) => {
    stream.write(data, note('write'));
    stream.end(note('end()'));
  },
  'several writes': (stream, data, note) => {
    const half = data.length >> 1;
    stream.write(data.subarray(0, 10), note('write-1'));
    stream.write(data.subarray(10, half), note('write-2'));
    stream.write(data.subarray(half), note('write-3'));
    stream.end(note('end()'));
  },
  'writes and flushes': (stream, data, note) => {
    const half = data.length >> 1;
    stream.write(data.subarray(0, half), note('write-1'));
    stream.flush(note('flush-1'));
    stream.write(data.subarray(half), note('write-2'));
    stream.flush(2, note('flush-2'));
    stream.flush(2, note('flush-3'));
    stream.end(note('end()'));
  },
  'empty writes': (stream, data, note) => {
    stream.write(Buffer.alloc(0), note('write-1'));
    stream.write(data, note('write-2'));
    stream.write('', note('write-3'));
    stream.end(Buffer.alloc(0), note('end()'));
  },
  'the next write in the callback': (stream, data, note) => {
    const third = Math.ceil(data.length / 3);
    const step = (i) => {
      if (i === 3) return stream.end(note('end()'));
      const part = data.subarray(third * i, third * (i + 1));
      return stream.write(part, (error) => {
        note(`write-${i}`)(error);
        step(i + 1);
      });
    };
    step(0);
  },
  'end in a later turn': async (stream, data, note) => {
    stream.write(data, note('write'));
    await turns(5);
    stream.end(note('end()'));
  },
  'listeners for prefinish and pause in between': (stream, data, note) => {
    stream.once('prefinish', note('prefinish'));
    stream.end(data);
    stream.pause();
    setImmediate(() => stream.resume());
  },
};

async function play(side, Class, scene, data) {
  const recorder = new Recorder(new side[Class]());
  scene(recorder.stream, data, (label) => recorder.callback(label));
  await recorder.closed();
  return {
    life: recorder.life(),
    reads: recorder.reads(),
    calls: recorder.calls(),
  };
}

for (const { name, compress, Compressor, Decompressor } of FORMATS) {
  for (const [title, scene] of Object.entries(SCENES)) {
    test(`${name}: ${title}`, async () => {
      for (const plain of [small, large]) {
        const packed = node[`${compress}Sync`](plain);
        const size = `${plain.length} bytes`;
        await assertSameAsync((side) => play(side, Compressor, scene, plain), `pack ${size}`);
        await assertSameAsync((side) => play(side, Decompressor, scene, packed), `unpack ${size}`);
      }
    });
  }

  test(`${name}: nothing at all`, async () => {
    const scene = (stream) => stream.end();
    await assertSameAsync((side) => play(side, Compressor, scene), 'compressor');
    await assertSameAsync((side) => play(side, Decompressor, scene), 'decompressor');
  });
}

test('the last data comes after finish for a compressor: its trailer is made in _flush', async () => {
  await assertSameAsync(async (side) => {
    const recorder = new Recorder(new side.Gzip());
    recorder.stream.end(small);
    await recorder.closed();
    return recorder.log.slice(recorder.log.indexOf('finish')).filter((e, i, l) => e !== l[i - 1]);
  }, 'small input');
});

test('without a reader there is finish, but no end and no close', async () => {
  const gzip = new zlib.Gzip();
  const recorder = new Recorder(gzip, { data: false });
  gzip.end(small);
  await new Promise((resolve) => gzip.once('finish', resolve));
  await turns(20);
  assert.deepEqual(recorder.log, ['finish']);
  gzip.resume();
  await recorder.closed();
  assert.deepEqual(recorder.log, ['finish', 'end', 'close']);
});

test('reading with read() and the readable event', async () => {
  for (const plain of [small, large]) {
    const gzip = new zlib.Gzip();
    const recorder = new Recorder(gzip, { data: false });
    const chunks = [];
    gzip.on('readable', () => {
      for (let chunk = gzip.read(); chunk !== null; chunk = gzip.read()) chunks.push(chunk);
    });
    gzip.end(plain);
    await recorder.closed();
    assert.deepEqual(recorder.log, ['finish', 'end', 'close']);
    assert.ok(node.gunzipSync(Buffer.concat(chunks)).equals(plain));
  }
});

test('state flags after each event', async () => {
  await assertSameAsync(async (side) => {
    const gzip = new side.Gzip();
    const seen = [];
    const note = (label) => {
      const { writable, readable, writableEnded, writableFinished, readableEnded } = gzip;
      const { destroyed, closed, errored, readableFlowing, writableLength } = gzip;
      const first = { label, writable, readable, writableEnded, writableFinished, readableEnded };
      seen.push({ ...first, destroyed, closed, errored, readableFlowing, writableLength });
    };
    note('new');
    for (const event of ['finish', 'end', 'close']) gzip.on(event, () => note(event));
    gzip.resume();
    gzip.end(small);
    note('after end()');
    await new Promise((resolve) => gzip.once('close', resolve));
    return seen;
  }, 'gzip');
});

test("what a listener of 'prefinish' throws becomes an 'error'", async () => {
  for (const { compress, Compressor, Decompressor } of FORMATS) {
    for (const data of [small, large]) {
      for (const [Class, input] of [
        [Compressor, data],
        [Decompressor, node[`${compress}Sync`](data)],
      ]) {
        await assertSameAsync(async (side) => {
          const recorder = new Recorder(new side[Class]());
          recorder.stream.on('prefinish', () => {
            throw new Error('thrown');
          });
          recorder.stream.end(input, recorder.callback('end()'));
          await recorder.closed();
          return recorder.life();
        }, `${Class} ${data.length}`);
      }
    }
  }
});
