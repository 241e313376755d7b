// flush(): each kind, each form of the call, each state of the stream.

const assert = require('node:assert/strict');
const { text, mixed } = require('../support/data');
const { flushed, turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES, COMPRESSORS, FLUSHES, FORMATS } = require('../support/formats');
const { assertSameAsync, outcome } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const { Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH, Z_FINISH } = FLUSHES;
const plain = mixed(200_000);
const SYNC_MARK = '0000ffff';

/** What a decoder gets out of the beginning of a stream. */
const decoded = (decompress, bytes) =>
  node[`${decompress}Sync`](bytes, { finishFlush: Z_SYNC_FLUSH });

for (const { name, Compressor, decompress } of FORMATS) {
  for (const kind of [Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH]) {
    test(`${name}, kind ${kind}: in the callback all that was written can be decoded`, async () => {
      for (const level of [0, 1, 6, 9]) {
        const life = new Recorder(new zlib[Compressor]({ level }));
        let end = 0;
        for (const size of [1, 10, 0, 3000, 100_000, 5]) {
          life.stream.write(plain.subarray(end, end + size));
          end += size;
          await flushed(life.stream, kind);
          const got = decoded(decompress, life.output);
          assert.ok(got.equals(plain.subarray(0, end)), `level ${level}, ${end} bytes`);
        }
        life.stream.end();
        await life.closed();
        assert.ok(node[`${decompress}Sync`](life.output).equals(plain.subarray(0, end)));
      }
    });
  }

  test(`${name}: sync and full flush end on the mark, on a byte`, async () => {
    for (const level of [0, 1, 6, 9]) {
      const life = new Recorder(new zlib[Compressor]({ level }));
      for (const [i, kind] of [Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_SYNC_FLUSH].entries()) {
        life.stream.write(plain.subarray(i * 100, 100 + i * 100));
        await flushed(life.stream, kind);
        assert.equal(life.output.subarray(-4).toString('hex'), SYNC_MARK);
      }
      life.stream.destroy();
    }
  });

  test(`${name}: after a full flush a decoder can start anew`, async () => {
    const life = new Recorder(new zlib[Compressor]());
    life.stream.write(plain.subarray(0, 100_000));
    await flushed(life.stream, Z_FULL_FLUSH);
    const start = life.output.length;
    life.stream.write(plain.subarray(0, 100_000));
    await flushed(life.stream, Z_FULL_FLUSH);
    const second = life.output.subarray(start);
    assert.ok(decoded('inflateRaw', second).equals(plain.subarray(0, 100_000)));
    life.stream.destroy();
  });

  test(`${name}: history is kept over a sync flush`, async () => {
    const life = new Recorder(new zlib[Compressor]());
    const message = text(3000);
    const sizes = [];
    for (let i = 0; i < 3; i++) {
      const before = life.output.length;
      life.stream.write(message);
      await flushed(life.stream, Z_SYNC_FLUSH);
      sizes.push(life.output.length - before);
    }
    assert.ok(sizes[1] < sizes[0] / 5 && sizes[2] < sizes[0] / 5, `${sizes}`);
    life.stream.destroy();
  });
}

test('what messages of nothing and repeated flushes give, as permessage-deflate needs it', async () => {
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.DeflateRaw());
    const seen = [];
    const step = async (label, act) => {
      const before = life.output.length;
      act();
      await flushed(life.stream, Z_SYNC_FLUSH);
      const got = life.output.subarray(before);
      seen.push([label, got.length > 0, got.subarray(-4).toString('hex')]);
    };
    await step('flush at the start', () => {});
    await step('flush again', () => {});
    await step('an empty write', () => life.stream.write(Buffer.alloc(0)));
    await step('data', () => life.stream.write('data'));
    await step('flush again', () => {});
    await step('an empty write', () => life.stream.write(Buffer.alloc(0)));
    await step('data', () => life.stream.write('data'));
    life.stream.destroy();
    return seen;
  }, 'messages');
});

test('a flush of each kind before any write, and again', async () => {
  for (const Class of COMPRESSORS) {
    for (const kind of [0, 1, 2, 3, 5]) {
      await assertSameAsync(async (side) => {
        const life = new Recorder(new side[Class]());
        await flushed(life.stream, kind);
        await flushed(life.stream, kind);
        life.stream.end('data');
        await life.closed();
        return [life.life(), node.unzipSync(gzipLike(Class, life.output)).toString()];
      }, `${Class}, kind ${kind}`);
    }
  }
});

/** Puts a zlib header before raw deflate data; the checksum behind it is added too. */
function gzipLike(Class, bytes) {
  if (Class !== 'DeflateRaw') return bytes;
  return node.deflateSync(node.inflateRawSync(bytes));
}

// Forms of the call and states of the stream; `note` makes labelled callbacks.
const SCENES = {
  'callback only': ({ stream }, note) => {
    stream.write('one');
    stream.flush(note('flush'));
    stream.end('two');
  },
  'no arguments': ({ stream }) => {
    stream.write('one');
    stream.flush();
    stream.end('two');
  },
  'undefined kind with callback': ({ stream }, note) => {
    stream.write('one');
    note(`threw-${outcome(() => stream.flush(undefined, note('flush'))).code}`)();
    stream.end('two');
  },
  'kind without callback': ({ stream }) => {
    stream.write('one');
    stream.flush(2);
    stream.end('two');
  },
  'after end()': ({ stream }, note) => {
    stream.end('all');
    stream.flush(note('flush'));
    stream.flush(2, note('flush-2'));
    stream.flush();
  },
  'after finish': ({ stream }, note) => {
    stream.once('finish', () => stream.flush(note('flush')));
    stream.end('all');
  },
  'in an end listener': ({ stream }, note) => {
    stream.once('end', () => stream.flush(note('flush')));
    stream.end('all');
  },
  'in a data listener': ({ stream }, note) => {
    stream.once('data', () => stream.flush(note('flush')));
    stream.write('one');
    stream.flush(() => stream.end('two'));
  },
  'in the callback of a flush': ({ stream }, note) => {
    stream.write('one');
    stream.flush(2, () => {
      stream.write('two');
      stream.flush(2, (error) => {
        note('flush')(error);
        stream.end();
      });
    });
  },
  'of the kind Z_FINISH, then end()': ({ stream }, note) => {
    stream.write('one');
    stream.flush(Z_FINISH, note('flush'));
    stream.end();
  },
  'many in a row': ({ stream }, note) => {
    for (let i = 0; i < 20; i++) {
      stream.write(`${i}`, note(`write-${i}`));
      stream.flush(i % 4, note(`flush-${i}`));
    }
    stream.end();
  },
};

for (const [title, scene] of Object.entries(SCENES)) {
  test(`flush: ${title}`, async () => {
    for (const { Compressor, decompress } of FORMATS) {
      await assertSameAsync(async (side) => {
        const life = new Recorder(new side[Compressor]());
        scene(life, (label) => life.callback(label));
        await life.closed();
        return [life.life(), node[`${decompress}Sync`](life.output).toString()];
      }, Compressor);
    }
  });
}

test('a write after a flush of the kind Z_FINISH', async () => {
  for (const Class of COMPRESSORS) {
    await assertSameAsync(async (side) => {
      const life = new Recorder(new side[Class]());
      life.stream.write('one');
      await flushed(life.stream, Z_FINISH);
      const finished = life.output.length > 0;
      life.stream.end('two');
      await life.closed();
      return [finished, life.life().filter((entry) => entry !== 'finish')];
    }, Class);
  }
});

test('kinds that do not exist', async () => {
  for (const kind of [-1, 6, 7, 1.5, Number.NaN, '2', null, true, {}, Infinity, Symbol('s')]) {
    for (const Class of CLASSES) {
      await assertSameAsync(
        async (side) => {
          const life = new Recorder(new side[Class]());
          const call = outcome(() => life.stream.flush(kind, () => {}));
          await turns();
          life.stream.destroy();
          await life.closed();
          return [call, life.life()];
        },
        `${Class} ${String(kind)}`,
      );
    }
  }
});

test('after destroy the callback gets an error', async () => {
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.Gzip());
    life.stream.destroy();
    life.stream.flush(life.callback('flush'));
    await life.closed();
    return life.life();
  }, 'flush after destroy');
});

test('flush of a decompressor calls back when what came before is out', async () => {
  const packed = { Gunzip: node.gzipSync(plain), InflateRaw: node.deflateRawSync(plain) };
  packed.Inflate = node.deflateSync(plain);
  for (const [Class, bytes] of Object.entries(packed)) {
    for (const kind of [undefined, 0, 2, 3]) {
      const life = new Recorder(new zlib[Class]());
      life.stream.write(bytes.subarray(0, bytes.length - 1));
      await new Promise((resolve) => {
        if (kind === undefined) life.stream.flush(resolve);
        else life.stream.flush(kind, resolve);
      });
      const { writableLength } = life.stream;
      assert.equal(writableLength, 0);
      const same = node[`${Class[0].toLowerCase()}${Class.slice(1)}Sync`](
        bytes.subarray(0, bytes.length - 1),
        { finishFlush: Z_SYNC_FLUSH },
      );
      assert.equal(life.output.length, same.length);
      life.stream.end(bytes.subarray(-1));
      await life.closed();
      assert.ok(life.output.equals(plain));
    }
  }
});
