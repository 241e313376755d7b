// Entries of README's "Differences from node:zlib" that no other test shows: what each side does.

const assert = require('node:assert/strict');
const { createHook, executionAsyncResource } = require('node:async_hooks');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { finished } = require('node:stream');
const { mixed, text } = require('../support/data');
const { turns, until } = require('../support/drive');
const { isNode, node, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(300_000);
const COMPRESSORS = ['Deflate', 'Gzip', 'DeflateRaw'];
const GZIP_HEADER = 10;

/** Node's side, and the side under test, which may be Node too. */
async function bothSides(play) {
  return { theirs: await play(node), ours: isNode ? undefined : await play(zlib) };
}

test("by 'finish' a compressor has pushed no more than its header", async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const gzip = new side.Gzip();
    let size = 0;
    gzip.on('data', (chunk) => {
      size += chunk.length;
    });
    gzip.end(plain);
    await once(gzip, 'finish');
    const byFinish = size;
    await once(gzip, 'end');
    return { byFinish, later: size - byFinish };
  });
  assert.ok(theirs.byFinish > GZIP_HEADER);
  if (ours) assert.ok(ours.byFinish <= GZIP_HEADER && ours.later > GZIP_HEADER);
});

test('a write can be called back before params() that change nothing', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const called = [];
    const gzip = new side.Gzip();
    gzip.resume().write(plain, () => called.push('write'));
    gzip.params(-1, 0, () => called.push('params'));
    await until(() => called.length === 2);
    gzip.destroy();
    return called;
  });
  assert.deepEqual(theirs, ['params', 'write']);
  if (ours) assert.deepEqual(ours, ['write', 'params']);
});

test('data behind a flush(Z_FINISH) is refused with the same error at any timing', async () => {
  for (const Class of COMPRESSORS) {
    const { theirs, ours } = await bothSides(async (side) => {
      const codes = [];
      for (const settled of [false, true]) {
        const stream = new side[Class]();
        const flushed = new Promise((resolve) => stream.resume().flush(4, resolve));
        if (settled) await flushed;
        stream.end('more');
        const [error] = await once(stream, 'error');
        codes.push(error.code);
      }
      return codes;
    });
    assert.deepEqual(theirs, ['Z_BUF_ERROR', 'Z_STREAM_ERROR'], Class);
    if (ours) assert.deepEqual(ours, ['Z_STREAM_ERROR', 'Z_STREAM_ERROR'], Class);
  }
});

test('bytesWritten at an error behind 64 KiB: not more than 64 KiB off, the output the same', async () => {
  const packed = node.gzipSync(mixed(1_000_000, 1));
  for (const at of [100_000, 200_000, packed.length - 8]) {
    const { theirs, ours } = await bothSides(async (side) => {
      const damaged = Buffer.from(packed);
      damaged.fill(0xff, at, at + 8);
      const gunzip = new side.Gunzip();
      const chunks = [];
      gunzip.on('data', (chunk) => chunks.push(chunk));
      gunzip.end(damaged);
      const [{ message }] = await once(gunzip, 'error');
      return { message, output: Buffer.concat(chunks), counted: gunzip.bytesWritten };
    });
    if (!ours) continue;
    assert.equal(ours.message, theirs.message);
    assert.ok(ours.output.equals(theirs.output));
    assert.ok(Math.abs(ours.counted - theirs.counted) <= 64 << 10, `${ours.counted}`);
  }
});

test('destroyed in its final flush, a stream does not look as if it had ended', async () => {
  for (const Class of ['Gzip', 'Inflate']) {
    const input = Class === 'Gzip' ? plain : node.deflateSync(plain);
    const { theirs, ours } = await bothSides(async (side) => {
      const stream = new side[Class]();
      stream.resume().end(input);
      await once(stream, 'finish');
      stream.destroy();
      if (side === node) await until(() => stream._readableState.ended);
      else await until(() => side.warpdrive.stats().outstanding === 0);
      await turns();
      return new Promise((resolve) => finished(stream, (error) => resolve(error?.code)));
    });
    assert.equal(theirs, undefined, Class);
    if (!isNode) assert.equal(ours, 'ERR_STREAM_PREMATURE_CLOSE', Class);
  }
});

test('a DeflateRaw whose output has nowhere to go', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const seen = [];
    for (const readable of [true, false]) {
      const stream = new side.DeflateRaw({ readable });
      stream.on('error', ({ code }) => seen.push(code));
      if (readable) stream.push(null);
      stream.end('x');
      await new Promise((resolve) => stream.on('close', resolve).resume());
    }
    return seen;
  });
  assert.deepEqual(theirs, []);
  if (ours) assert.deepEqual(ours, Array(2).fill('ERR_STREAM_PUSH_AFTER_EOF'));
});

test('a decompressor without chunkSize pushes chunks of more than 16 KiB', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const gunzip = new side.Gunzip();
    const sizes = [];
    gunzip.on('data', (chunk) => sizes.push(chunk.length));
    gunzip.end(node.gzipSync(plain));
    await once(gunzip, 'end');
    return sizes;
  });
  const total = (sizes) => sizes.reduce((sum, size) => sum + size);
  assert.equal(Math.max(...theirs), 16 << 10);
  assert.equal(total(theirs), plain.length);
  if (!ours) return;
  assert.equal(total(ours), plain.length);
  assert.ok(Math.max(...ours) > 16 << 10 && Math.max(...ours) <= 128 << 10);
});

test("a stream left unread: end()'s callback comes before 'close'", async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const order = [];
    const gunzip = new side.Gunzip();
    gunzip.on('error', () => order.push('error')).on('close', () => order.push('close'));
    gunzip.end(node.gzipSync(Buffer.alloc(5_000_000, 'abc')), () => order.push('end'));
    for await (const chunk of gunzip) if (chunk.length > 0) break;
    await until(() => order.includes('end') && order.includes('close'));
    return order.filter((each) => each !== 'error');
  });
  assert.deepEqual(theirs, ['close', 'end']);
  if (ours) assert.deepEqual(ours, ['end', 'close']);
});

test('a flush in the callback of a flush calls back before ticks made there', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const order = [];
    const gzip = new side.Gzip();
    gzip.resume().write('x');
    gzip.flush(() => {
      process.nextTick(() => order.push('tick'));
      gzip.write('y');
      gzip.flush(() => order.push('flush'));
    });
    await until(() => order.length === 2);
    gzip.destroy();
    return order;
  });
  assert.deepEqual(theirs, ['tick', 'flush']);
  if (ours) assert.deepEqual(ours, ['flush', 'tick']);
});

test('callbacks of writes come before promises made in the one before', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const order = [];
    const gzip = new side.Gzip();
    for (const i of [0, 1]) {
      gzip.write('x', async () => {
        order.push(`write ${i}`);
        await null;
        order.push(`promise ${i}`);
      });
    }
    await until(() => order.length === 4);
    gzip.destroy();
    return order;
  });
  assert.deepEqual(theirs, ['write 0', 'promise 0', 'write 1', 'promise 1']);
  if (ours) assert.deepEqual(ours, ['write 0', 'write 1', 'promise 0', 'promise 1']);
});

/** The order of two calls' callbacks and ticks, if both are done before the first is called back. */
async function orderOfTwo(side, blockedMs) {
  const order = [];
  for (let i = 0; i < 2; i++) {
    side.gzip(plain, () => {
      order.push('callback');
      process.nextTick(() => order.push('tick'));
    });
  }
  await new Promise(setImmediate);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockedMs);
  await until(() => order.length === 4);
  return order.join(' ');
}

test('callbacks of calls that are done together come before ticks made in the one before', async () => {
  let together = false;
  for (let ms = 5; ms < 10_000 && !together; ms *= 2) {
    assert.equal(await orderOfTwo(node, ms), 'callback tick callback tick');
    together = (await orderOfTwo(zlib, ms)) === 'callback callback tick tick';
  }
  assert.ok(together || isNode);
});

test('a callback function makes no stream: what it is called on has no listeners', async () => {
  const listeners = async (side) =>
    new Promise((resolve) => {
      side.gzip('x', function called() {
        resolve(this.listenerCount('data') + this.listenerCount('end'));
      });
    });
  assert.equal(await listeners(node), 2);
  if (!isNode) assert.equal(await listeners(zlib), 0);
});

test('async_hooks hear of another number of resources', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    side.createGzip().close();
    let count = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'ZLIB') count++;
      },
    });
    hook.enable();
    side.gzipSync('x');
    hook.disable();
    return count;
  });
  assert.equal(theirs, 1);
  if (!isNode) assert.equal(ours, 0);
});

test('the active resources after a write are other ones', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const gzip = new side.Gzip();
    const before = process.getActiveResourcesInfo().length;
    gzip.write('x');
    const more = process.getActiveResourcesInfo().length - before;
    gzip.destroy();
    return more;
  });
  assert.equal(theirs, 0);
  if (!isNode) assert.equal(ours, 1);
});

test('in a listener executionAsyncResource() is another object', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const gzip = new side.Gzip();
    const handle = gzip._handle;
    gzip.write('x');
    gzip.flush();
    const resource = await new Promise((resolve) => {
      gzip.on('data', () => resolve(executionAsyncResource()));
    });
    gzip.destroy();
    return resource === handle;
  });
  assert.equal(theirs, true);
  if (!isNode) assert.equal(ours, false);
});

test('brotli streams are Node’s own: they share no class below Transform', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const base = Object.getPrototypeOf(Object.getPrototypeOf(side.Gzip));
    return side.BrotliCompress.prototype instanceof base;
  });
  assert.equal(theirs, true);
  if (!isNode) assert.equal(ours, false);
});

test('_chunkSize set on a stream changes nothing', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const gunzip = new side.Gunzip();
    gunzip._chunkSize = 100;
    const sizes = [];
    gunzip.on('data', (chunk) => sizes.push(chunk.length)).end(node.gzipSync(plain));
    await once(gunzip, 'end');
    return Math.max(...sizes);
  });
  assert.equal(theirs, 100);
  if (ours) assert.ok(ours > 16 << 10);
});

test('output is not cut from a larger buffer', async () => {
  const memory = async (side) => side.gzipSync('x').buffer.byteLength;
  const { theirs, ours } = await bothSides(memory);
  assert.ok(theirs >= 16 << 10);
  if (ours) assert.ok(ours < 100);
});

test('the _read of a stream that waits for its reader', async () => {
  const { theirs, ours } = await bothSides(async (side) => {
    const gunzip = new side.Gunzip();
    gunzip.end(node.gzipSync(plain));
    await until(() => gunzip.readableLength >= gunzip.readableHighWaterMark);
    await until(() => Object.hasOwn(gunzip, '_read'));
    const enumerable = Object.keys(gunzip).includes('_read');
    gunzip.resume();
    await once(gunzip, 'end');
    return [enumerable, Object.hasOwn(gunzip, '_read')];
  });
  assert.deepEqual(theirs, [true, true]);
  if (ours) assert.deepEqual(ours, [false, false]);
});

test('fake timers that are on before the package is loaded stop its streams', () => {
  const endsWith = (name) => {
    const script = `
      const { mock } = require('node:test');
      const apis = ['setImmediate', 'setTimeout'];
      mock.timers.enable(process.version < 'v21' ? apis : { apis });
      const gzip = require(${JSON.stringify(name)}).createGzip();
      gzip.resume().on('end', () => console.log('end'));
      gzip.write('x');
      gzip.flush(() => gzip.end());
    `;
    return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout.trim();
  };
  assert.equal(endsWith('node:zlib'), 'end');
  if (!isNode) assert.equal(endsWith(path.resolve(__dirname, '../..')), '');
});
