// cork() and uncork(): writes are held back and then go as usual.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(20_000);

const SCENES = {
  'cork, writes, uncork': async (life) => {
    life.stream.cork();
    for (let i = 0; i < 5; i++) life.stream.write(plain, life.callback(`write-${i}`));
    await turns(5);
    life.note('uncork');
    life.stream.uncork();
    life.stream.end();
  },
  'corked twice': async (life) => {
    life.stream.cork();
    life.stream.write(plain, life.callback('write-1'));
    life.stream.cork();
    life.stream.write(plain, life.callback('write-2'));
    life.stream.uncork();
    await turns(5);
    life.note('uncork');
    life.stream.uncork();
    life.stream.end();
  },
  'end() while corked': async (life) => {
    life.stream.cork();
    life.stream.write(plain, life.callback('write-1'));
    life.stream.write(plain, life.callback('write-2'));
    life.stream.end(plain, life.callback('end'));
  },
  'flush() while corked': async (life) => {
    life.stream.cork();
    life.stream.write(plain, life.callback('write'));
    life.stream.flush(life.callback('flush'));
    await turns(5);
    life.note('uncork');
    life.stream.uncork();
    life.stream.end();
  },
};

for (const { name, Compressor, decompress } of FORMATS) {
  for (const [title, scene] of Object.entries(SCENES)) {
    test(`${name}: ${title}`, () =>
      assertSameAsync(async (side) => {
        const life = new Recorder(new side[Compressor]());
        await scene(life);
        await life.closed();
        const { writableCorked } = life.stream;
        const output = node[`${decompress}Sync`](life.output);
        return [
          life.life(),
          output.length,
          output.subarray(0, 20_000).equals(plain),
          writableCorked,
        ];
      }, title));
  }
}

test('corked data is not lost in a decompressor', async () => {
  const packed = node.gzipSync(plain);
  const life = new Recorder(new zlib.Gunzip());
  life.stream.cork();
  for (const byte of packed) life.stream.write(Buffer.from([byte]));
  life.stream.uncork();
  life.stream.end();
  await life.closed();
  assert.ok(life.output.equals(plain));
});
