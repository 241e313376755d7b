// params() at unusual moments and with unusual values.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { collect, flushed, turns, written } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { zlib, node, notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(30_000);
const dictionary = text(5000, 3);
const skip = notForNode('it changes the level while a write may be under way');
const params = (stream, level, strategy) =>
  new Promise((resolve) => stream.params(level, strategy, resolve));

// Each waits where node:zlib would otherwise change the level under a running write.
const SCENES = {
  'before the first write': async ({ stream }) => {
    await params(stream, 9, 2);
    stream.end(plain);
  },
  'several before the first write': async ({ stream }) => {
    for (const level of [1, 9, 0, 3]) await params(stream, level, 0);
    stream.end(plain);
  },
  'after a full flush': async ({ stream }) => {
    stream.write(plain.subarray(0, 1000));
    await flushed(stream, 3);
    await params(stream, 0, 0);
    stream.write(plain.subarray(1000, 2000));
    await flushed(stream, 2);
    await params(stream, 9, 0);
    stream.end(plain.subarray(2000));
  },
  'undefined strategy': async ({ stream }) => {
    stream.write(plain.subarray(0, 1000));
    await params(stream, 5, undefined);
    stream.end(plain.subarray(1000));
  },
  'undefined level': async ({ stream }) => {
    stream.write(plain.subarray(0, 1000));
    await params(stream, undefined, 3);
    stream.end(plain.subarray(1000));
  },
  fractions: async ({ stream }) => {
    stream.write(plain.subarray(0, 1000));
    await params(stream, 1.7, 0.5);
    stream.end(plain.subarray(1000));
  },
  'then reset()': async (life) => {
    const { stream } = life;
    await written(stream, plain.subarray(0, 999));
    await params(stream, 1, 0);
    stream.reset();
    life.chunks.length = 0;
    stream.end(plain);
  },
  'after reset()': async (life) => {
    const { stream } = life;
    await written(stream, plain.subarray(0, 999));
    await flushed(stream, 2);
    stream.reset();
    life.chunks.length = 0;
    await params(stream, 1, 3);
    stream.end(plain);
  },
};

for (const { name, Compressor, decompress } of FORMATS) {
  for (const [title, scene] of Object.entries(SCENES)) {
    test(`${name}: ${title}`, () =>
      assertSameAsync(async (side) => {
        const life = new Recorder(new side[Compressor]());
        await scene(life);
        await life.closed();
        const { _level, _strategy, bytesWritten } = life.stream;
        const output = node[`${decompress}Sync`](life.output);
        return [life.events(['end', 'error', 'close']), output, _level, _strategy, bytesWritten];
      }, title));
  }

  test(`${name}: every level with every strategy`, async () => {
    const stream = new zlib[Compressor]();
    const output = collect(stream);
    let size = 0;
    for (let level = -1; level <= 9; level++) {
      for (let strategy = 0; strategy <= 4; strategy++) {
        await written(stream, plain.subarray(size, size + 300));
        await params(stream, level, strategy);
        assert.deepEqual([stream._level, stream._strategy], [level, strategy]);
        size += 300;
      }
    }
    stream.end();
    assert.ok(node[`${decompress}Sync`](await output).equals(plain.subarray(0, size)));
  });

  test(`${name}: while the consumer does not read`, { skip }, async () => {
    const data = mixed(600_000);
    const stream = new zlib[Compressor]({ level: 1, chunkSize: 1000 });
    const calls = [];
    for (let i = 0; i < 6; i++) {
      stream.write(data.subarray(i * 100_000, (i + 1) * 100_000));
      stream.params((i * 3) % 10, i % 5, () => calls.push(i));
    }
    await turns(20);
    assert.equal(stream.readableFlowing, null);
    stream.end();
    assert.ok(node[`${decompress}Sync`](await collect(stream)).equals(data));
    assert.deepEqual(calls, [0, 1, 2, 3, 4, 5]);
  });
}

for (const { name, Compressor, decompress } of FORMATS.slice(1)) {
  test(`${name}: with a dictionary, which goes on being used after reset()`, async () => {
    const data = Buffer.concat([dictionary, plain, dictionary]);
    for (const [level, strategy] of [
      [0, 0],
      [9, 0],
      [4, 2],
      [1, 4],
    ]) {
      const stream = new zlib[Compressor]({ dictionary });
      const life = new Recorder(stream);
      await written(stream, data.subarray(0, 6000));
      await params(stream, level, strategy);
      await written(stream, data.subarray(6000));
      await flushed(stream, 2);
      const first = life.output;
      stream.reset();
      stream.end(data);
      await life.closed();
      const second = life.output.subarray(first.length);
      const options = { dictionary };
      const head = node[`${decompress}Sync`](first, { ...options, finishFlush: 2 });
      assert.ok(head.equals(data), `level ${level}`);
      assert.ok(node[`${decompress}Sync`](second, options).equals(data), `level ${level}, reset`);
    }
  });
}

test('after end(), when the values change', async () => {
  for (const { Compressor } of FORMATS) {
    await assertSameAsync(async (side) => {
      const life = new Recorder(new side[Compressor]());
      life.stream.end('abc');
      life.stream.params(1, 0, life.callback('params'));
      await life.closed();
      return [life.events(['end', 'error', 'close']), life.called(), life.stream._level];
    }, Compressor);
  }
});

test('after a flush of the kind Z_FINISH', async () => {
  for (const { Compressor } of FORMATS) {
    await assertSameAsync(async (side) => {
      const life = new Recorder(new side[Compressor]());
      life.stream.write(plain);
      await flushed(life.stream, 4);
      life.stream.params(1, 0, life.callback('params'));
      await life.closed();
      return [life.events(['end', 'error', 'close']), life.called(), life.stream._level];
    }, Compressor);
  }
});
