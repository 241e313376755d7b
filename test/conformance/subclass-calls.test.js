// Which methods of a subclass are called for what, and in which order.

const { text } = require('../support/data');
const { collect, turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES, FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync, outcome } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(20_000);
const WATCHED = ['write', 'end', 'flush', 'params', 'reset', 'close', '_transform', '_flush'];
WATCHED.push('_final', '_destroy', '_processChunk');

/** A subclass that notes the calls of its methods; [class, list of calls]. */
function watched(side, name) {
  const calls = [];
  class Watched extends side[name] {
    push(chunk, ...rest) {
      if (chunk === null) calls.push('push null');
      return super.push(chunk, ...rest);
    }
  }
  for (const method of WATCHED) {
    const original = side[name].prototype[method];
    Watched.prototype[method] = function noted(...args) {
      calls.push(`${method} ${args[0]?.length ?? typeof args[0]}`);
      return Reflect.apply(original, this, args);
    };
  }
  return [Watched, calls];
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: the methods of a compressor`, () =>
    assertSameAsync(async (side) => {
      const [Watched, calls] = watched(side, Compressor);
      const stream = new Watched();
      const output = collect(stream);
      await new Promise((resolve) => stream.write('abc', resolve));
      await new Promise((resolve) => stream.flush(resolve));
      await new Promise((resolve) => stream.params(2, 0, resolve));
      stream.end();
      const bytes = await output;
      await turns(5);
      return [calls, String(node[`${decompress}Sync`](bytes))];
    }, Compressor));

  test(`${name}: the methods of a decompressor`, () =>
    assertSameAsync(async (side) => {
      const packed = node[`${compress}Sync`](plain);
      const [Watched, calls] = watched(side, Decompressor);
      const stream = new Watched();
      const output = collect(stream);
      await new Promise((resolve) => stream.write(packed.subarray(0, 50), resolve));
      await new Promise((resolve) => stream.write(packed.subarray(50), resolve));
      stream.end();
      const bytes = await output;
      await turns(5);
      return [calls, bytes];
    }, Decompressor));

  test(`${name}: errors and additions of a subclass`, async () => {
    await assertSameAsync(async (side) => {
      class Tail extends side[Compressor] {
        _flush(callback) {
          super._flush((error) => {
            this.push('TAIL');
            callback(error);
          });
        }
      }
      const stream = new Tail();
      stream.end('abc');
      return String((await collect(stream)).subarray(-4));
    }, '_flush');
    await assertSameAsync(async (side) => {
      class Failing extends side[Compressor] {
        _transform(_chunk, _encoding, callback) {
          callback(new Error('on purpose'));
        }
      }
      const life = new Recorder(new Failing());
      life.stream.write('abc', life.callback('write'));
      await life.closed();
      return life.life();
    }, '_transform');
    assertSame((side) => {
      class Throwing extends side[Compressor] {
        _transform() {
          throw new Error('on purpose');
        }
      }
      return outcome(() => new Throwing().write('abc'));
    }, '_transform that throws');
  });

  test(`${name}: a _transform that passes on other chunks, the last one too`, () =>
    assertSameAsync(async (side) => {
      class Copying extends side[Compressor] {
        _transform(chunk, encoding, callback) {
          super._transform(Buffer.from(chunk), encoding, callback);
        }
      }
      const stream = new Copying();
      const output = collect(stream);
      await new Promise((resolve) => stream.write('abc', resolve));
      stream.end();
      return String(node[`${decompress}Sync`](await output));
    }, Compressor));
}

test('a patched prototype sees every chunk', async () => {
  for (const name of CLASSES) {
    await assertSameAsync(async (side) => {
      const prototype = Object.getPrototypeOf(Object.getPrototypeOf(side[name].prototype));
      const { _transform } = prototype;
      const seen = [];
      prototype._transform = function patched(chunk, ...rest) {
        seen.push(chunk.length);
        return Reflect.apply(_transform, this, [chunk, ...rest]);
      };
      try {
        const stream = new side[name]();
        stream.on('error', () => {});
        stream.resume().end('abc');
        await new Promise((resolve) => stream.once('close', resolve));
      } finally {
        prototype._transform = _transform;
      }
      return seen;
    }, name);
  }
});

for (const { name, compress, Compressor, Decompressor } of FORMATS) {
  for (const Class of [Compressor, Decompressor]) {
    test(`${name}: ${Class} puts out what a _transform gives for the final flush`, () =>
      assertSameAsync(async (side) => {
        class Trailed extends side[Class] {
          _transform(chunk, encoding, callback) {
            super._transform(chunk, encoding, (error) =>
              callback(error, chunk.length ? null : 'TRAILER'),
            );
          }
        }
        const stream = new Trailed();
        const output = collect(stream);
        stream.end(Class === Compressor ? plain : node[`${compress}Sync`](plain));
        return String((await output).subarray(-7));
      }, Class));
  }

  const packed = node[`${compress}Sync`](plain);
  const middle = packed.length >> 1;
  const marking = {
    'of a subclass': (side) => {
      class Marking extends side[Decompressor] {
        _transform(chunk, encoding, callback) {
          super._transform(chunk, encoding, (error) => {
            if (chunk.length > 0) this.push('|');
            callback(error);
          });
        }
      }
      return new Marking();
    },
    'of an instance': (side) => {
      const stream = new side[Decompressor]();
      const { _transform } = stream;
      stream._transform = (chunk, encoding, callback) =>
        _transform.call(stream, chunk, encoding, () => {
          if (chunk.length > 0) stream.push('|');
          callback();
        });
      return stream;
    },
  };
  for (const [whose, make] of Object.entries(marking)) {
    test(`${name}: a _transform ${whose} is called back behind the output of its chunk`, () =>
      assertSameAsync(async (side) => {
        const stream = make(side);
        const output = collect(stream);
        stream.write(packed.subarray(0, middle));
        stream.end(packed.subarray(middle));
        return String(await output);
      }, Decompressor));
  }
}
