// close(): its callbacks, and what it does to a stream in each state.

const assert = require('node:assert/strict');
const { noise, text } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { COMPRESSORS, DECOMPRESSORS } = require('../support/formats');
const { assertSameAsync, outcome } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(200_000);
const large = noise(4_000_000);
const both = (pack) => [pack(plain), pack(large, { level: 1 })];
const packed = {
  Gunzip: both(node.gzipSync),
  Unzip: both(node.gzipSync),
  Inflate: both(node.deflateSync),
  InflateRaw: both(node.deflateRawSync),
};

const SCENES = {
  'at once': (life) => life.stream.close(),
  'with a callback': (life) => life.stream.close(life.callback('close-1')),
  'twice, both with callbacks': (life) => {
    life.stream.close(life.callback('close-1'));
    life.stream.close(life.callback('close-2'));
  },
  'again after close': async (life) => {
    life.stream.close(life.callback('close-1'));
    await turns(5);
    life.stream.close(life.callback('close-2'));
    await turns(5);
  },
  'in the middle of a write': (life) => {
    // Not wrong data: node forgets the callback of a write that fails after close().
    life.stream.write(life.data, life.callback('write'));
    life.stream.close(life.callback('close-1'));
  },
  'after the end': async (life) => {
    life.stream.on('end', () => life.stream.close(life.callback('close-1')));
    life.stream.end(life.data);
  },
  'after an error': (life) => {
    life.stream.on('error', () => life.stream.close(life.callback('close-1')));
    life.stream.destroy(new Error('on purpose'));
  },
  'after an error of the data': (life) => {
    life.stream.on('error', () => life.stream.close(life.callback('close-1')));
    life.stream.end(Buffer.alloc(100, 0xff));
  },
  'in a data listener': (life) => {
    life.stream.once('data', () => life.stream.close(life.callback('close-1')));
    // So much that the first data is not the last: then finished() finds no fault with it.
    life.stream.end(life.large);
  },
  'in the callback of a write': (life) => {
    life.stream.write(life.data, () => life.stream.close(life.callback('close-1')));
  },
  'something that is no function': (life) => {
    life.note(`threw-${outcome(() => life.stream.close('callback')).code}`);
    life.stream.close();
  },
};

async function play(side, Class, scene) {
  const life = new Recorder(new side[Class]());
  life.data = packed[Class]?.[0] ?? plain;
  life.large = packed[Class]?.[1] ?? large;
  const playing = scene(life);
  await life.closed();
  await playing;
  await life.calledBack();
  const relevant = life.log.filter((entry) => !/^(data$|finish$|write)/.test(entry));
  return { relevant, called: life.called(), handle: life.stream._handle };
}

for (const Class of [...COMPRESSORS, ...DECOMPRESSORS]) {
  for (const [title, scene] of Object.entries(SCENES)) {
    test(`${Class}: ${title}`, () => assertSameAsync((side) => play(side, Class, scene), title));
  }
}

test('_closed and _handle say whether it is closed', async () => {
  const gzip = new zlib.Gzip();
  assert.equal(gzip._closed, false);
  assert.ok(gzip._handle);
  gzip.close();
  assert.equal(gzip._closed, true);
  assert.equal(gzip._handle, null);
  assert.equal(gzip.destroyed, true);
  await new Promise((resolve) => gzip.once('close', resolve));
});
