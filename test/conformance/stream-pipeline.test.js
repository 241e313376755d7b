// zlib streams together with the rest of node:stream.

const assert = require('node:assert/strict');
const stream = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { mixed, noise } = require('../support/data');
const { collect, pieces, turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertSameAsync, describeError } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(400_000);
const large = noise(4_000_000);
const { Readable, Writable, PassThrough } = stream;

function sink() {
  const chunks = [];
  const writable = new Writable({
    write(chunk, _encoding, callback) {
      chunks.push(chunk);
      setImmediate(callback);
    },
  });
  return { writable, bytes: () => Buffer.concat(chunks) };
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: pipeline through both directions`, async () => {
    const { writable, bytes } = sink();
    const source = Readable.from(pieces(plain, 5000));
    await pipeline(source, new zlib[Compressor](), new zlib[Decompressor](), writable);
    assert.ok(bytes().equals(plain));
  });

  test(`${name}: pipe()`, async () => {
    const packed = collect(Readable.from(pieces(plain, 30_000)).pipe(new zlib[Compressor]()));
    assert.ok(node[`${decompress}Sync`](await packed).equals(plain));
    const theirs = Readable.from(pieces(node[`${compress}Sync`](plain), 3000));
    assert.ok((await collect(theirs.pipe(new zlib[Decompressor]()))).equals(plain));
  });

  test(`${name}: async iteration`, async () => {
    const compressor = new zlib[Compressor]();
    compressor.end(plain);
    const chunks = [];
    for await (const chunk of compressor) chunks.push(chunk);
    assert.ok(node[`${decompress}Sync`](Buffer.concat(chunks)).equals(plain));
    assert.equal(compressor.destroyed, true);
  });

  test(`${name}: an async generator as source, and one as transform behind it`, async () => {
    let seen = 0;
    const { writable, bytes } = sink();
    await pipeline(
      async function* source() {
        for (const piece of pieces(plain, 7777)) yield piece;
      },
      new zlib[Compressor](),
      async function* count(source) {
        for await (const chunk of source) {
          seen += chunk.length;
          yield chunk;
        }
      },
      writable,
    );
    assert.equal(seen, bytes().length);
    assert.ok(node[`${decompress}Sync`](bytes()).equals(plain));
  });
}

test('leaving an async iteration destroys the stream', async () => {
  const gzip = new zlib.Gzip();
  gzip.end(plain);
  for await (const chunk of gzip) {
    assert.ok(chunk.length > 0);
    break;
  }
  await turns();
  assert.equal(gzip.destroyed, true);
  assert.equal(gzip._handle, null);
});

test('an error of the data rejects iteration and pipeline', async () => {
  const bad = Buffer.concat([node.gzipSync(plain).subarray(0, 20_000), Buffer.alloc(90, 0xff)]);
  await assertSameAsync(async (side) => {
    const gunzip = new side.Gunzip();
    gunzip.end(bad);
    for await (const chunk of gunzip) assert.ok(chunk);
  }, 'iteration');
  await assertSameAsync((side) => {
    const { writable } = sink();
    return pipeline(Readable.from(pieces(bad, 999)), new side.Gunzip(), writable);
  }, 'pipeline');
});

test('an error of the source destroys the zlib stream', async () => {
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.Gzip(), { data: false });
    const source = new Readable({
      read() {
        this.push(plain.subarray(0, 1000));
        this.destroy(new Error('no more'));
      },
    });
    let error;
    await pipeline(source, life.stream, sink().writable).catch((e) => {
      error = describeError(e);
    });
    await turns(5);
    return [error, life.life(), life.stream.destroyed];
  }, 'source');
});

test('an error of the destination destroys the zlib stream', async () => {
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.Gzip(), { data: false });
    const writable = new Writable({
      write(_chunk, _encoding, callback) {
        callback(new Error('disk full'));
      },
    });
    let error;
    await pipeline(Readable.from(pieces(plain, 9999)), life.stream, writable).catch((e) => {
      error = describeError(e);
    });
    await turns(5);
    return [error, life.life().filter((entry) => entry !== 'finish'), life.stream.destroyed];
  }, 'destination');
});

test('abort of a pipeline', async () => {
  await assertSameAsync(async (side) => {
    const controller = new AbortController();
    const life = new Recorder(new side.Gzip(), { data: false });
    const endless = new Readable({
      read() {
        this.push(plain.subarray(0, 10_000));
      },
    });
    const { signal } = controller;
    setImmediate(() => controller.abort());
    let error;
    await pipeline(endless, life.stream, sink().writable, { signal }).catch((e) => {
      error = describeError(e);
    });
    await turns(5);
    return [error, life.life(), life.stream.destroyed];
  }, 'pipeline');
});

test('finished()', async () => {
  const run = (side, act) =>
    new Promise((resolve) => {
      const gzip = new side.Gzip();
      gzip.resume();
      stream.finished(gzip, (error) => resolve(error ? describeError(error) : 'finished'));
      act(gzip);
    });
  const acts = {
    end: (gzip) => gzip.end(plain),
    destroy: (gzip) => gzip.destroy(),
    'destroy with an error': (gzip) => gzip.destroy(new Error('on purpose')),
    close: (gzip) => gzip.close(),
    'destroy in a write': (gzip) => {
      gzip.write(plain);
      gzip.destroy();
    },
    // Input is complete, output is not: that is no success.
    'destroy at the first data': (gzip) => {
      gzip.once('data', () => gzip.destroy());
      gzip.end(large);
    },
    'destroy at finish': (gzip) => {
      gzip.once('finish', () => gzip.destroy());
      gzip.end(large);
    },
    'close at finish': (gzip) => {
      gzip.once('finish', () => gzip.close());
      gzip.end(large);
    },
  };
  for (const [name, act] of Object.entries(acts)) {
    await assertSameAsync((side) => run(side, act), name);
  }
});

test('compose', async () => {
  const both = stream.compose(new zlib.Gzip(), new zlib.Gunzip());
  const output = collect(both);
  both.end(plain);
  assert.ok((await output).equals(plain));
});

test('stream.isReadable, isErrored, isDisturbed and addAbortSignal', async () => {
  await assertSameAsync(async (side) => {
    const gzip = new side.Gzip();
    const seen = [stream.isReadable(gzip), stream.isErrored(gzip)];
    gzip.on('error', () => {});
    const controller = new AbortController();
    stream.addAbortSignal(controller.signal, gzip);
    controller.abort();
    await new Promise((resolve) => gzip.once('close', resolve));
    seen.push(stream.isReadable(gzip), stream.isErrored(gzip), gzip.errored.name);
    return seen;
  }, 'gzip');
});

test('web streams: toWeb on both sides', async () => {
  const { readable, writable } = stream.Duplex.toWeb(new zlib.Gzip());
  const output = new Response(readable).arrayBuffer();
  const writer = writable.getWriter();
  for (const piece of pieces(plain, 50_000)) await writer.write(piece);
  await writer.close();
  assert.ok(node.gunzipSync(Buffer.from(await output)).equals(plain));

  const gzip = new zlib.Gzip();
  gzip.end(plain);
  const web = await new Response(Readable.toWeb(gzip)).arrayBuffer();
  assert.ok(node.gunzipSync(Buffer.from(web)).equals(plain));
});

test('helpers of Readable: map, toArray, take', async () => {
  const gzip = new zlib.Gzip({ chunkSize: 500 });
  gzip.end(plain.subarray(0, 50_000));
  const chunks = await gzip.map((chunk) => Buffer.from(chunk)).toArray();
  assert.ok(node.gunzipSync(Buffer.concat(chunks)).equals(plain.subarray(0, 50_000)));
  const gunzip = new zlib.Gunzip();
  gunzip.end(Buffer.concat(chunks));
  assert.equal((await gunzip.take(1).toArray()).length, 1);
});

test('through a PassThrough that is read late', async () => {
  const late = new PassThrough();
  const gzip = new zlib.Gzip();
  gzip.pipe(late);
  gzip.end(plain);
  await turns(20);
  assert.ok(node.gunzipSync(await collect(late)).equals(plain));
});

test('pipe and unpipe in the middle', async () => {
  const gzip = new zlib.Gzip({ chunkSize: 1000 });
  const first = new PassThrough();
  const chunks = [];
  first.on('data', (chunk) => chunks.push(chunk));
  gzip.pipe(first);
  gzip.write(plain.subarray(0, 200_000));
  await new Promise((resolve) => first.once('data', resolve));
  gzip.unpipe(first);
  await turns(3);
  const rest = collect(gzip);
  // unpipe() leaves a stream paused.
  gzip.resume();
  gzip.end(plain.subarray(200_000));
  const last = await rest;
  const output = Buffer.concat([...chunks, last]);
  assert.ok(node.gunzipSync(output).equals(plain));
});
