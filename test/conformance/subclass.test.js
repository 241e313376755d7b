// Subclassing, both ways of writing it, and what `instanceof` says.

const assert = require('node:assert/strict');
const stream = require('node:stream');
const util = require('node:util');
const { text } = require('../support/data');
const { through } = require('../support/drive');
const { FORMATS, CLASSES } = require('../support/formats');
const { assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(50000);

for (const { name, Compressor, decompress } of FORMATS) {
  test(`class extends ${Compressor}: overridden push sees all output (${name})`, async () => {
    let seen = 0;
    class Counting extends zlib[Compressor] {
      push(chunk, encoding) {
        if (chunk) seen += chunk.length;
        return super.push(chunk, encoding);
      }
    }
    const counting = new Counting({ level: 3 });
    assert.ok(counting instanceof Counting && counting instanceof zlib[Compressor]);
    const output = await through(counting, plain, 7000);
    assert.equal(seen, output.length);
    assert.deepEqual(node[`${decompress}Sync`](output), plain);
  });

  test(`util.inherits with ${Compressor}.call(this) (${name})`, async () => {
    function Old(options) {
      zlib[Compressor].call(this, options);
      this.own = true;
    }
    util.inherits(Old, zlib[Compressor]);
    const old = new Old({ level: 9 });
    assert.ok(old.own && old instanceof zlib[Compressor]);
    assert.deepEqual(node[`${decompress}Sync`](await through(old, plain)), plain);
  });
}

test('an overridden _transform can pass on to the original', async () => {
  class Doubling extends zlib.Gzip {
    _transform(chunk, encoding, callback) {
      super._transform(Buffer.concat([chunk, chunk]), encoding, callback);
    }
  }
  assert.equal(
    node.gunzipSync(await through(new Doubling(), Buffer.from('ab'))).toString(),
    'abab',
  );
});

test('an overridden _flush can push before the original', async () => {
  const calls = [];
  class Last extends zlib.Gzip {
    _flush(callback) {
      calls.push('flush');
      super._flush(callback);
    }
  }
  assert.deepEqual(node.gunzipSync(await through(new Last(), plain, 999)), plain);
  assert.deepEqual(calls, ['flush']);
});

test('instanceof the classes of node:stream', () => {
  for (const name of CLASSES) {
    const one = new zlib[name]();
    const other = new node[name]();
    for (const Class of ['Stream', 'Readable', 'Writable', 'Duplex', 'Transform']) {
      assert.equal(one instanceof stream[Class], other instanceof stream[Class], Class);
    }
    one.destroy();
    other.destroy();
  }
});

test('the class behind the classes takes options and a mode, and refuses as node:zlib’s', async () => {
  const GZIP = 3;
  const behind = (side) =>
    class Own extends Object.getPrototypeOf(side.Gzip) {
      constructor(options) {
        super(options, GZIP);
      }
    };
  const own = new (behind(zlib))({ level: 1 });
  assert.ok(node.gunzipSync(await through(own, plain)).equals(plain));
  for (const options of [
    { level: 99 },
    { level: 'x' },
    { windowBits: 8 },
    { level: 1 },
    undefined,
  ]) {
    assertSame((side) => new (behind(side))(options)._level, JSON.stringify(options));
  }
});
