// A listener or a callback throws in the middle of a stream's life and the process goes on: what
// becomes of the stream is what becomes of it in node:zlib.

const { test } = require('../support/bounded');
const { CLASSES } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { isDecompressor, packed, plain } = require('./material');
const { Life } = require('./life');
const { quiet, watch } = require('./quiet');

const boom = () => {
  throw new Error('boom');
};

const SCENES = {
  'in the callback of a flush': async ({ stream, bytes, settle, life }) => {
    stream.write(bytes.subarray(0, 500));
    stream.flush(life.callback('flush-1', boom));
    stream.flush(life.callback('flush-2'));
    await settle();
    stream.end(bytes.subarray(500), life.callback('end-3'));
  },
  'in the callback of a write': async ({ stream, bytes, settle, life }) => {
    stream.write(bytes.subarray(0, 500), life.callback('write-1', boom));
    await settle();
    stream.end(bytes.subarray(500), life.callback('end-2'));
  },
  'in the callback of params': async ({ stream, bytes, settle, life }) => {
    stream.params(3, 0, life.callback('params-1', boom));
    await settle();
    stream.end(bytes, life.callback('end-2'));
  },
  'in a drain listener': async ({ stream, bytes, settle, life }) => {
    stream.once('drain', boom);
    stream.write(bytes.subarray(0, 30_000), life.callback('write-1'));
    await settle();
    stream.end(bytes.subarray(30_000), life.callback('end-2'));
  },
  'in a finish listener': async ({ stream, bytes, life }) => {
    stream.once('finish', boom);
    stream.end(bytes, life.callback('end-1'));
  },
  'in an end listener': async ({ stream, bytes, life }) => {
    stream.prependOnceListener('end', boom);
    stream.end(bytes, life.callback('end-1'));
  },
  'in an error listener, with a flush in flight': async ({ stream, bytes, life }) => {
    stream.prependOnceListener('error', boom);
    stream.write(bytes.subarray(0, 500));
    stream.flush(life.callback('flush-1'));
    stream.destroy(new Error('on purpose'));
  },
  'in a close listener, with a flush in flight': async ({ stream, bytes, life }) => {
    stream.prependOnceListener('close', boom);
    stream.write(bytes.subarray(0, 500));
    stream.flush(life.callback('flush-1'));
    stream.close(life.callback('close-2'));
  },
};

async function play(side, Class, scene) {
  const stream = new side[Class]();
  const busy = watch(side, stream);
  const life = new Life(stream);
  const settle = () => quiet(life, busy);
  const bytes = isDecompressor(Class) ? packed(Class, 100_000) : plain.subarray(0, 60_000);
  process.setUncaughtExceptionCaptureCallback((error) => life.note(`uncaught(${error.message})`));
  try {
    await scene({ stream, bytes, settle, life });
    await settle();
    const { destroyed, closed, writableFinished, readableEnded } = stream;
    stream.destroy();
    await settle();
    const events = life.log.filter((entry) => !/^(data|drain)$/.test(entry));
    return { events, destroyed, closed, writableFinished, readableEnded };
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}

for (const [title, scene] of Object.entries(SCENES)) {
  test(`thrown ${title}`, async () => {
    for (const Class of CLASSES) await assertSameAsync((side) => play(side, Class, scene), Class);
  });
}
