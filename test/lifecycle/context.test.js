// Which AsyncLocalStorage value every callback and every event of a stream sees, at its ordinary
// and at its other ends. test/conformance/async-context.test.js has the one-shot functions.

const { AsyncLocalStorage } = require('node:async_hooks');
const { addAbortSignal, PassThrough } = require('node:stream');
const { test } = require('../support/bounded');
const { turns } = require('../support/drive');
const { CLASSES } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { garbage, isDecompressor, packed, plain } = require('./material');
const { quiet, watch } = require('./quiet');
const { Life } = require('./life');

const storage = new AsyncLocalStorage();
const EVENTS = ['data', 'readable', 'prefinish', 'finish', 'drain', 'end', 'error', 'close'];

// Each is played under values of its own: `as(value, act)` does something under one.
const SCENES = {
  'write, params, flush, end': async ({ stream, as, note, bytes, settle }) => {
    as('write', () => stream.write(bytes.subarray(0, 40_000), note('write')));
    await settle();
    as('params', () => stream.params(2, 0, note('params')));
    await settle();
    as('params again', () => stream.params(2, 0, note('same params')));
    as('flush', () => stream.flush(2, note('flush')));
    await settle();
    as('end', () => stream.end(bytes.subarray(40_000), note('end()')));
    as('late flush', () => stream.flush(note('late flush')));
  },
  'several writes at once': async ({ stream, as, note, bytes }) => {
    const third = Math.ceil(bytes.length / 3);
    for (const i of [0, 1, 2]) {
      const part = bytes.subarray(i * third, (i + 1) * third);
      as(`write ${i}`, () => stream.write(part, note(`write ${i}`)));
    }
    as('end', () => stream.end(note('end()')));
  },
  'destroy in a write': async ({ stream, as, note, bytes }) => {
    as('write 1', () => stream.write(bytes.subarray(0, 50_000), note('write 1')));
    as('write 2', () => stream.write(bytes.subarray(50_000), note('write 2')));
    as('flush', () => stream.flush(note('flush')));
    as('destroy', () => stream.destroy(new Error('on purpose')));
  },
  'close in a flush': async ({ stream, as, note, bytes }) => {
    as('write', () => stream.write(bytes.subarray(0, 1000)));
    as('flush', () => stream.flush(note('flush')));
    as('close', () => stream.close(note('close()')));
  },
  abort: async ({ stream, as, note, bytes }) => {
    const controller = new AbortController();
    as('signal', () => addAbortSignal(controller.signal, stream));
    as('write', () => stream.write(bytes.subarray(0, 50_000)));
    as('flush', () => stream.flush(note('flush')));
    as('abort', () => controller.abort());
  },
  'wrong data': async ({ stream, as, note, settle }) => {
    as('write', () => stream.write(garbage.subarray(0, 3000)));
    await settle();
    as('end', () => stream.end(note('end()')));
  },
  'write after end': async ({ stream, as, note, bytes, settle }) => {
    as('end', () => stream.end(bytes, note('end()')));
    as('write', () => stream.write('more', note('write')));
    await settle();
  },
  'through a pipe': async ({ stream, as, bytes }) => {
    as('pipe', () => stream.pipe(new PassThrough()).resume());
    as('end', () => stream.end(bytes));
  },
};

/** {what: values seen by it, each once} */
async function values(side, Class, scene) {
  const seen = {};
  const note = (label) => () => {
    seen[label] ??= [];
    const value = storage.getStore() ?? 'none';
    if (!seen[label].includes(value)) seen[label].push(value);
  };
  const as = (value, act) => storage.run(value, act);
  const stream = as('create', () => new side[Class]());
  const busy = watch(side, stream);
  const life = as('record', () => new Life(stream));
  as('listen', () => {
    for (const event of EVENTS.filter((each) => each !== 'readable')) stream.on(event, note(event));
  });
  await turns(1);
  const bytes = isDecompressor(Class) ? packed(Class, 200_000) : plain.subarray(0, 100_000);
  const settle = () => quiet(life, busy);
  await scene({ stream, as, note, bytes, settle });
  await settle();
  as('last destroy', () => stream.destroy());
  await settle();
  return seen;
}

for (const [title, scene] of Object.entries(SCENES)) {
  test(`context: ${title}`, async () => {
    for (const Class of CLASSES) {
      await assertSameAsync((side) => values(side, Class, scene), Class);
    }
  });
}
