// The options `flush` and `finishFlush`: every kind with every other, in every form.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { lived } = require('../support/lived');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const KINDS = [0, 1, 2, 3, 4, 5];
const Z_FINISH = 4;
const Z_BLOCK = 5;
const SYNC = { finishFlush: 2 };
const plain = text(9000);
const INPUTS = { text: plain, byte: plain.subarray(0, 1), nothing: plain.subarray(0, 0) };

function* combinations() {
  for (const flush of KINDS) for (const finishFlush of KINDS) yield { flush, finishFlush };
}

/**
 * What a reader gets of compressed bytes. Without a flush at the end of the input how much of it
 * is out already is the compressor's business; that something is, a header, is not.
 */
function read(decompress, bytes, { finishFlush }) {
  if (finishFlush === 0 || finishFlush === Z_BLOCK) return bytes.length > 0;
  const whole = finishFlush === Z_FINISH ? undefined : SYNC;
  return [node[`${decompress}Sync`](bytes, SYNC), node[`${decompress}Sync`](bytes, whole)];
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  for (const options of combinations()) {
    const label = JSON.stringify(options);

    test(`${name}: compression with ${label}`, async () => {
      for (const [kind, data] of Object.entries(INPUTS)) {
        const what = `${kind}, ${label}`;
        assertSame(
          (side) => read(decompress, side[`${compress}Sync`](data, options), options),
          what,
        );
        await assertSameAsync(
          async (side) => read(decompress, await oneShot(side, compress, data, options), options),
          what,
        );
      }
      const parts = [0, 1, 2].map((i) => plain.subarray(i * 1000, i * 1000 + 1000));
      await assertSameAsync(async (side) => {
        const life = await lived(new side[Compressor](options), parts);
        const events = life.events(['end', 'error', 'close']);
        if (events[0] !== 'end') return events;
        return [events, read(decompress, life.output, options), life.stream.bytesWritten];
      }, label);
    });

    const packed = node[`${compress}Sync`](plain);
    const cases = {
      whole: packed,
      half: packed.subarray(0, packed.length >> 1),
      'without its last byte': packed.subarray(0, -1),
      nothing: packed.subarray(0, 0),
      garbage: Buffer.concat([packed, Buffer.from('garbage')]),
      twice: Buffer.concat([packed, packed]),
    };

    test(`${name}: decompression with ${label}`, async () => {
      for (const [kind, bytes] of Object.entries(cases)) {
        const what = `${kind}, ${label}`;
        assertSame((side) => side[`${decompress}Sync`](bytes, options), what);
        await assertSameAsync((side) => oneShot(side, decompress, bytes, options), what);
        await assertSameAsync(async (side) => {
          const parts = [bytes.subarray(0, 500), bytes.subarray(500)];
          const life = await lived(new side[Decompressor](options), parts);
          return [life.events(['end', 'error', 'close']), life.output, life.stream.bytesWritten];
        }, what);
      }
    });
  }
}

test('flush: Z_FINISH: data after the first write is an error, never lost', async () => {
  for (const { Compressor } of FORMATS) {
    for (const parts of [['one', 'two'], ['one', '', 'two'], ['one', ''], ['', 'one'], ['one']]) {
      await assertSameAsync(async (side) => {
        const stream = new side[Compressor]({ flush: Z_FINISH });
        const errors = [];
        stream.on('error', ({ code, errno, message }) => errors.push({ code, errno, message }));
        const life = await lived(stream, parts);
        return [errors, life.events(['end', 'error', 'close'])];
      }, `${Compressor} ${parts}`);
    }
  }
});

test('flush(Z_FINISH) of a decompressor in the middle of the data', async () => {
  for (const { compress, Decompressor } of FORMATS) {
    const bytes = node[`${compress}Sync`](plain);
    for (const cut of [0, 1, 15, 1000, bytes.length - 1, bytes.length]) {
      await assertSameAsync(async (side) => {
        const life = new Recorder(new side[Decompressor]());
        life.stream.write(bytes.subarray(0, cut));
        life.stream.flush(Z_FINISH, (error) => {
          life.callback('flush')(error);
          life.stream.end();
        });
        await life.closed();
        return [life.reads(), life.called(), life.output];
      }, `${Decompressor}, ${cut} bytes`);
    }
  }
});

test('each kind flushed several times before, between and after writes', async () => {
  for (const { name, Compressor, decompress } of FORMATS) {
    for (const kind of KINDS.filter((value) => value !== Z_FINISH)) {
      for (const other of [0, 1, 2, 3, 5]) {
        const stream = new zlib[Compressor]();
        const life = new Recorder(stream);
        for (const part of ['', 'first ', 'second ', '', 'third']) {
          if (part) stream.write(part);
          stream.flush(kind, life.callback('flush'));
          stream.flush(other, life.callback('flush'));
          stream.flush(kind, life.callback('flush'));
        }
        stream.end();
        await life.closed();
        const label = `${name}: ${kind}, ${other}`;
        assert.equal(String(node[`${decompress}Sync`](life.output)), 'first second third', label);
        assert.equal(life.called().length, 15, label);
      }
    }
  }
});
