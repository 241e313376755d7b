// CompressionStream and DecompressionStream are Node's web adapters around zlib's streams.

const assert = require('node:assert');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

test('every format in both directions, with Blob and Response', async () => {
  const scene = async () => {
    const pako = require('pako');
    const { mixed, sha256, text } = require('../support/data');

    const through = async (body, stream) => {
      const source = new Blob([body]).stream();
      return Buffer.from(await new Response(source.pipeThrough(stream)).arrayBuffer());
    };
    const encoders = { gzip: pako.gzip, deflate: pako.deflate, 'deflate-raw': pako.deflateRaw };
    const decoders = { gzip: pako.ungzip, deflate: pako.inflate, 'deflate-raw': pako.inflateRaw };
    const inputs = {
      empty: Buffer.alloc(0),
      byte: Buffer.from('x'),
      text: text(300_000),
      mixed: mixed(1_100_000),
    };
    const told = {};
    for (const [name, input] of Object.entries(inputs)) {
      for (const format of Object.keys(encoders)) {
        const packed = await through(input, new CompressionStream(format));
        const unpacked = await through(encoders[format](input), new DecompressionStream(format));
        const both = await through(packed, new DecompressionStream(format));
        told[`${format} ${name}`] = [
          Buffer.from(decoders[format](packed)).equals(input),
          unpacked.equals(input),
          both.equals(input),
        ];
      }
    }
    // One byte at a time, and many at once.
    const input = text(3000);
    const small = new CompressionStream('gzip');
    const writer = small.writable.getWriter();
    const written = (async () => {
      for (const byte of input) await writer.write(Uint8Array.of(byte));
      await writer.close();
    })();
    const text1 = await new Response(
      small.readable.pipeThrough(new DecompressionStream('gzip')),
    ).text();
    await written;
    const many = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const mine = text(20_000 + i, i);
        const stream = new Blob([mine]).stream().pipeThrough(new CompressionStream('deflate'));
        const back = stream.pipeThrough(new DecompressionStream('deflate'));
        return sha256(mine) === sha256(Buffer.from(await new Response(back).arrayBuffer()));
      }),
    );
    return { ...told, small: text1 === input.toString(), many };
  };
  const { small, many, ...told } = await sameWithPreload(scene);
  for (const [name, each] of Object.entries(told)) {
    assert.deepStrictEqual(each, [true, true, true], name);
  }
  assert(small && many.every(Boolean));
});

test('bad input, bad chunks, bad formats: the same errors', async () => {
  const scene = async () => {
    const pako = require('pako');
    const { text } = require('../support/data');

    const tell = (error) =>
      error instanceof Error
        ? { name: error.name, code: error.code, message: error.message, cause: tell(error.cause) }
        : error;
    const told = {};
    // Notes what the reader and the writer end with. On some Nodes some of them never do.
    const run = (name, stream, chunks, sizeOf) => {
      const each = {
        write: 'never',
        read: 'never',
        writer: 'never',
        reader: 'never',
        size: 'part',
      };
      told[name] = each;
      const note = (key, promise) =>
        promise.then(
          (value) => {
            each[key] = value ?? 'done';
          },
          (error) => {
            each[key] = tell(error);
          },
        );
      const writer = stream.writable.getWriter();
      const reader = stream.readable.getReader();
      const write = async () => {
        for (const chunk of chunks) await writer.write(chunk);
        await writer.close();
      };
      const read = async () => {
        for (let size = 0; ; ) {
          const { done, value } = await reader.read();
          if (!done) size += value.length;
          else {
            each.size = sizeOf(size);
            return;
          }
        }
      };
      note('write', write());
      note('read', read());
      note('writer', writer.closed);
      note('reader', reader.closed);
    };
    const data = text(30_000);
    const packed = {
      gzip: Buffer.from(pako.gzip(data)),
      deflate: Buffer.from(pako.deflate(data)),
      'deflate-raw': Buffer.from(pako.deflateRaw(data)),
    };
    const flip = (bytes, at) => {
      const copy = Buffer.from(bytes);
      copy[at < 0 ? copy.length + at : at] ^= 0x20;
      return copy;
    };
    const halves = (bytes) => [bytes.subarray(0, 1000), bytes.subarray(1000)];
    for (const [format, bytes] of Object.entries(packed)) {
      const inputs = {
        good: [bytes],
        'two chunks': halves(bytes),
        none: [],
        'an empty chunk': [new Uint8Array(0)],
        'not compressed': [data],
        'cut off': [bytes.subarray(0, 4000)],
        'without the last byte': [bytes.subarray(0, -1)],
        'only two bytes': [bytes.subarray(0, 2)],
        'damaged header': [flip(bytes, 0)],
        'damaged middle': [flip(bytes, bytes.length >> 1)],
        'damaged trailer': [flip(bytes, -2)],
        'garbage in the same chunk': [Buffer.concat([bytes, Buffer.from('garbage')])],
        'garbage in the next chunk': [bytes, Buffer.from('garbage')],
        'zeros after': [Buffer.concat([bytes, Buffer.alloc(20)])],
        twice: [Buffer.concat([bytes, bytes])],
        'a string': ['text'],
        'an ArrayBuffer': [new Uint8Array(bytes).buffer],
        'a number': [7],
        null: [null],
        floats: [new Float64Array(new Uint8Array(bytes.subarray(0, bytes.length & ~7)).buffer)],
      };
      for (const [name, chunks] of Object.entries(inputs)) {
        run(`${format}, ${name}`, new DecompressionStream(format), chunks, (size) => size);
      }
      for (const name of [
        'none',
        'an empty chunk',
        'a string',
        'an ArrayBuffer',
        'a number',
        'null',
      ]) {
        // The compressed size is the codec's.
        const sizeOf = (size) => size > 0;
        run(`compress ${format}, ${name}`, new CompressionStream(format), inputs[name], sizeOf);
      }
    }
    for (const Class of [CompressionStream, DecompressionStream]) {
      for (const format of ['zip', undefined, 'GZIP', 7]) {
        try {
          new Class(format);
        } catch (error) {
          told[`${Class.name} ${format}`] = tell(error);
        }
      }
    }
    // When there is nothing left to happen, all that ends has ended.
    await new Promise((resolve) => process.once('beforeExit', resolve));
    return told;
  };
  const told = await sameWithPreload(scene, null, { preload: 'import' });
  assert.strictEqual(told['gzip, two chunks'].read, 'done');
  assert.strictEqual(told['gzip, two chunks'].size, 30_000);
  assert.strictEqual(told['deflate, damaged trailer'].size, 'part');
});

test('cancelled and aborted in the middle', async () => {
  const scene = async () => {
    const { noise } = require('../support/data');
    const part = noise(200_000);
    // Some Nodes' adapters throw, or loop, on a cancel in the turn of a read, and with a source
    // that never waits: that is not zlib's.
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const pull = async (controller) => {
      await turn();
      controller.enqueue(part);
    };
    const endless = () => new ReadableStream({ pull });
    const told = { cancel: 'never', write: 'never', abort: 'never', read: 'never', pipe: 'never' };
    const note = (key, promise) =>
      promise.then(
        () => {
          told[key] = 'done';
        },
        (error) => {
          told[key] = [error?.name, error?.code, error?.message];
        },
      );

    const cancelled = endless().pipeThrough(new CompressionStream('gzip')).getReader();
    await cancelled.read();
    await cancelled.read();
    await turn();
    note('cancel', cancelled.cancel(new Error('enough')));

    const aborted = new CompressionStream('deflate');
    const writer = aborted.writable.getWriter();
    const reader = aborted.readable.getReader();
    note('write', writer.write(part));
    await reader.read();
    await turn();
    note('abort', writer.abort(new Error('stop')));
    const readOn = async () => {
      while (!(await reader.read()).done);
    };
    note('read', readOn());

    const controller = new AbortController();
    const both = endless()
      .pipeThrough(new CompressionStream('gzip'))
      .pipeThrough(new DecompressionStream('gzip'));
    let seen = 0;
    const sink = new WritableStream({
      write(chunk) {
        seen += chunk.length;
        if (seen > 1_500_000) setImmediate(() => controller.abort());
      },
    });
    note('pipe', both.pipeTo(sink, { signal: controller.signal }));
    await new Promise((resolve) => process.once('beforeExit', resolve));
    return told;
  };
  const told = await sameWithPreload(scene);
  assert.strictEqual(told.pipe[0] ?? told.pipe, 'AbortError');
});
