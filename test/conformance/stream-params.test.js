// params(): level and strategy changed in the middle of a stream.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { flushed, written } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES, FORMATS, RAW, ZLIB } = require('../support/formats');
const { assertSameAsync, outcome } = require('../support/same');
const { zlib, node, notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(120_000);
// Node changes the level while the next write may be under way in another thread.
const skip = notForNode('writes that do not wait for the callback of params() may break it');
const params = (stream, level, strategy) =>
  new Promise((resolve) => stream.params(level, strategy, resolve));

for (const { name, Compressor, decompress } of FORMATS) {
  test(`${name}: every level to every other`, async () => {
    const part = plain.subarray(0, 3000);
    for (let from = 0; from <= 9; from++) {
      const life = new Recorder(new zlib[Compressor]({ level: from }));
      for (let to = 9; to >= 0; to--) {
        life.stream.write(part);
        await params(life.stream, to, 0);
        assert.equal(life.stream._level, to);
      }
      life.stream.end(part);
      await life.closed();
      const expected = Buffer.concat(Array(11).fill(part));
      assert.ok(node[`${decompress}Sync`](life.output).equals(expected), `from ${from}`);
    }
  });

  test(`${name}: strategies`, async () => {
    const life = new Recorder(new zlib[Compressor]());
    const parts = [];
    for (const strategy of [1, 2, 3, 4, 0, 4, 2]) {
      const part = plain.subarray(parts.length * 9000, parts.length * 9000 + 9000);
      parts.push(part);
      await written(life.stream, part);
      await params(life.stream, 6, strategy);
      assert.equal(life.stream._strategy, strategy);
    }
    life.stream.end();
    await life.closed();
    assert.ok(node[`${decompress}Sync`](life.output).equals(Buffer.concat(parts)));
  });

  test(`${name}: not waiting for anything`, { skip }, async () => {
    const life = new Recorder(new zlib[Compressor]({ level: 1 }));
    const parts = [];
    for (let i = 0; i < 12; i++) {
      const part = plain.subarray(i * 9999, i * 9999 + 9999);
      parts.push(part);
      life.stream.write(part, life.callback(`write-${i}`));
      life.stream.params((i * 7) % 10, i % 5, life.callback(`params-${i}`));
    }
    life.stream.end(life.callback('end'));
    await life.closed();
    assert.ok(node[`${decompress}Sync`](life.output).equals(Buffer.concat(parts)));
    const calls = life.calls().filter((entry) => entry.startsWith('params'));
    assert.deepEqual(
      calls,
      [...Array(12).keys()].map((i) => `params-${i}`),
    );
  });
}

// Not gzip: there Node's params() changes _level and no more, and any size will do.
for (const { name, Compressor, decompress } of [ZLIB, RAW]) {
  test(`${name}: the level takes effect`, async () => {
    const data = text(60_000);
    const life = new Recorder(new zlib[Compressor]({ level: 1 }));
    const sizes = [];
    for (const level of [0, 9, 0, 1, 1]) {
      const before = life.output.length;
      life.stream.write(data);
      await params(life.stream, level, 0);
      await flushed(life.stream, 2);
      sizes.push(life.output.length - before);
    }
    life.stream.end();
    await life.closed();
    const stored = sizes.map((size) => size >= data.length);
    assert.deepEqual(stored, [false, true, false, true, false], `${sizes}`);
    assert.ok(sizes[2] < sizes[0], 'level 9 is smaller than level 1');
    assert.ok(node[`${decompress}Sync`](life.output).equals(Buffer.concat(Array(5).fill(data))));
  });
}

test('what was written before has the old level, whatever is in flight', { skip }, async () => {
  const data = text(1_500_000);
  const life = new Recorder(new zlib.Deflate({ level: 0 }));
  life.stream.write(data);
  life.stream.params(9, 0);
  life.stream.end(data);
  await life.closed();
  assert.ok(life.output.length > data.length, 'the first half is stored');
  assert.ok(life.output.length < data.length * 1.5, 'the second is not');
  assert.ok(node.inflateSync(life.output).equals(Buffer.concat([data, data])));
});

test('the callback of params: order and number', async () => {
  const scenes = {
    changed: (stream, note) => {
      stream.write('one', note('write'));
      stream.params(9, 0, () => {
        note('params')();
        stream.end('two', note('end()'));
      });
    },
    'not changed': (stream, note) => {
      stream.params(stream._level, stream._strategy, note('params'));
      stream.end('two', note('end()'));
    },
    'changed twice': (stream, note) => {
      stream.params(9, 0, note('params-1'));
      stream.params(1, 0, () => {
        note('params-2')();
        stream.end('two');
      });
    },
    'without a callback': (stream) => {
      stream.params(9, 0);
      stream.flush(() => stream.end('two'));
    },
    'after end()': (stream, note) => {
      stream.end('all');
      stream.params(-1, 0, note('params'));
    },
  };
  for (const [title, scene] of Object.entries(scenes)) {
    await assertSameAsync(async (side) => {
      const life = new Recorder(new side.Gzip());
      scene(life.stream, (label) => life.callback(label));
      await life.closed();
      return [life.life(), node.gunzipSync(life.output).toString()];
    }, title);
  }
});

test('wrong levels and strategies', async () => {
  const values = [-2, -1, 0, 0.5, 9, 10, Number.NaN, Infinity, '5', null, undefined, {}, true];
  for (const Class of CLASSES) {
    for (const value of values) {
      const call = async (side, level, strategy) => {
        const stream = new side[Class]();
        // What throws does so at once: a promise's executor turns it into a rejection.
        await params(stream, level, strategy).finally(() => stream.destroy());
      };
      await assertSameAsync((side) => call(side, value, 0), `${Class} level ${String(value)}`);
      await assertSameAsync((side) => call(side, 1, value), `${Class} strategy ${String(value)}`);
    }
  }
});

test('params of a decompressor changes nothing', async () => {
  const packed = node.gzipSync(plain);
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.Gunzip());
    life.stream.write(packed.subarray(0, 500));
    await params(life.stream, 1, 1);
    life.stream.end(packed.subarray(500));
    await life.closed();
    return [life.output.equals(plain), life.life(), life.stream._level, life.stream._strategy];
  }, 'Gunzip');
});

test('after destroy: the callback is told', async () => {
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.Gzip());
    life.stream.on('error', () => {});
    life.stream.destroy();
    const same = outcome(() => life.stream.params(-1, 0, life.callback('same')));
    await life.closed();
    return [same, life.log];
  }, 'not changed');
});
