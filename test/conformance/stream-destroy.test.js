// destroy() at every moment of a stream's life.

const assert = require('node:assert/strict');
const { noise } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertEqualTo } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = noise(400_000);
const half = plain.length >> 1;
const failure = () => Object.assign(new Error('on purpose'), { code: 'ON_PURPOSE' });

const SCENES = {
  'at once': ({ stream }) => stream.destroy(),
  'at once with an error': ({ stream }) => stream.destroy(failure()),
  twice: ({ stream }) => {
    stream.destroy();
    stream.destroy(failure());
  },
  'with an error, then with another': ({ stream }) => {
    stream.destroy(failure());
    stream.destroy(new Error('too late'));
  },
  'in the middle of a write': (life, data) => {
    life.stream.write(data.subarray(0, half), life.callback('write-1'));
    life.stream.write(data.subarray(half), life.callback('write-2'));
    life.stream.destroy();
  },
  'in the middle of a write, with an error': (life, data) => {
    life.stream.write(data.subarray(0, half), life.callback('write-1'));
    life.stream.write(data.subarray(half), life.callback('write-2'));
    life.stream.destroy(failure());
  },
  'in the middle of a flush': (life, data) => {
    life.stream.write(data.subarray(0, half), life.callback('write'));
    life.stream.flush(life.callback('flush'));
    life.stream.destroy();
  },
  'after end()': (life, data) => {
    life.stream.end(data);
    life.stream.destroy();
  },
  'after end() in a later turn': async (life, data) => {
    life.stream.end(data.subarray(0, 1000));
    await new Promise((resolve) => life.stream.once('finish', resolve));
    life.stream.destroy(failure());
  },
  'in a data listener': (life, data) => {
    life.stream.once('data', () => life.stream.destroy());
    life.stream.write(data);
    // Data may wait for more without this.
    life.stream.flush();
  },
  'in a data listener, with an error': (life, data) => {
    life.stream.once('data', () => life.stream.destroy(failure()));
    life.stream.write(data);
    life.stream.flush();
  },
  'in the callback of a write': (life, data) => {
    life.stream.write(data, () => life.stream.destroy());
  },
  'in the callback of a flush': (life, data) => {
    life.stream.write(data.subarray(0, 1000));
    life.stream.flush(() => life.stream.destroy());
  },
  'in an end listener': (life, data) => {
    life.stream.once('end', () => life.stream.destroy(failure()));
    life.stream.end(data);
  },
  'in a close listener': (life, data) => {
    life.stream.once('close', () => life.stream.destroy(failure()));
    life.stream.end(data);
  },
  'while corked': (life, data) => {
    life.stream.cork();
    life.stream.write(data.subarray(0, 1000), life.callback('write-1'));
    life.stream.write(data.subarray(1000, 2000), life.callback('write-2'));
    life.stream.destroy();
  },
};

async function play(side, Class, scene, data) {
  const life = new Recorder(new side[Class]());
  scene(life, data);
  await life.closed();
  await life.calledBack();
  const { destroyed, _closed: handleClosed, closed, writable, readable } = life.stream;
  return {
    events: life.events(['end', 'error', 'close']),
    // Whether a write was accepted before destroy() is the implementation's business, that its
    // callback is called, and once, is not.
    called: life.called(),
    state: { destroyed, handleClosed, closed, writable, readable },
    errored: life.stream.errored?.message ?? null,
    last: life.events(['data', 'end', 'finish', 'error', 'close']).at(-1),
  };
}

for (const { name, compress, Compressor, Decompressor } of FORMATS) {
  const packed = node[`${compress}Sync`](plain);
  for (const [title, scene] of Object.entries(SCENES)) {
    test(`${name}: ${title}`, async () => {
      for (const [Class, data] of [
        [Compressor, plain],
        [Decompressor, packed],
      ]) {
        const expected = await play(node, Class, scene, data);
        assertEqualTo(await play(zlib, Class, scene, data), expected, Class);
        assert.equal(expected.last, 'close', 'nothing comes after close');
      }
    });
  }
}

test('a destroyed stream in a write gives no more data', async () => {
  const gzip = new zlib.Gzip({ level: 1 });
  let after = 0;
  gzip.on('data', () => {
    if (gzip.destroyed) after++;
  });
  gzip.write(plain);
  await turns(2);
  gzip.destroy();
  await turns(50);
  assert.equal(after, 0);
  assert.equal(gzip.readableLength, 0);
});

test('Symbol.asyncDispose where this Node has it', async () => {
  if (!Symbol.asyncDispose || !node.Gzip.prototype[Symbol.asyncDispose]) {
    assert.equal(typeof zlib.Gzip.prototype[Symbol.asyncDispose ?? 'none'], 'undefined');
    return;
  }
  const gzip = new zlib.Gzip();
  gzip.on('error', () => {});
  gzip.write(plain);
  await gzip[Symbol.asyncDispose]();
  assert.equal(gzip.destroyed, true);
});

test('signal: an AbortSignal destroys the stream', async () => {
  const run = async (side) => {
    const controller = new AbortController();
    const life = new Recorder(new side.Gzip({ signal: controller.signal }));
    life.stream.write(plain);
    controller.abort();
    await life.closed();
    return life.life();
  };
  assertEqualTo(await run(zlib), await run(node), 'events');
});

for (const { name, compress, Compressor, Decompressor } of FORMATS) {
  for (const error of [undefined, failure()]) {
    const how = error ? 'with an error' : 'without one';
    test(`${name}: callbacks of what is in progress when 'data' destroys it ${how}`, async () => {
      const packed = node[`${compress}Sync`]('hello');
      const decompressed = async (side) => {
        const life = new Recorder(new side[Decompressor]());
        life.stream.on('data', () => life.stream.destroy(error));
        life.stream.write(packed, life.callback('write'));
        life.stream.flush(life.callback('flush'));
        life.stream.end(life.callback('end-callback'));
        await life.closed();
        return life.log;
      };
      assertEqualTo(await decompressed(zlib), await decompressed(node), Decompressor);

      const compressed = async (side) => {
        const life = new Recorder(new side[Compressor]());
        life.stream.on('data', () => {
          if (life.output.length > 10) life.stream.destroy(error);
        });
        life.stream.write(plain.subarray(0, 100));
        life.stream.flush(life.callback('flush'));
        await life.closed();
        return life.log.filter((entry) => entry !== 'data');
      };
      assertEqualTo(await compressed(zlib), await compressed(node), Compressor);
    });
  }
}
