// No input at all, in every form.

const { oneShot } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES, FORMATS, METHODS } = require('../support/formats');
const { assertSame, assertSameAsync } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const VALUES = {
  string: '',
  Buffer: Buffer.alloc(0),
  ArrayBuffer: new ArrayBuffer(0),
  SharedArrayBuffer: new SharedArrayBuffer(0),
  DataView: new DataView(new ArrayBuffer(0)),
  Float64Array: new Float64Array(0),
  'view at an odd offset': new Uint8Array(new ArrayBuffer(10), 7, 0),
  'view at the end': new Uint8Array(new ArrayBuffer(10), 10, 0),
};
const OPTIONS = [undefined, { finishFlush: 2 }, { flush: 2 }, { info: true }, { level: 0 }];
OPTIONS.push({ chunkSize: 64 }, { maxOutputLength: 1 }, { strategy: 2 }, { windowBits: 9 });

const WAYS = {
  'end()': (stream) => stream.end(),
  'end of an empty string': (stream) => stream.end(''),
  'end of an empty buffer': (stream) => stream.end(Buffer.alloc(0)),
  'end(null)': (stream) => stream.end(null),
  'end(undefined)': (stream) => stream.end(undefined),
  'several empty writes': (stream) => {
    for (const value of ['', Buffer.alloc(0), new Uint8Array(0)]) stream.write(value);
    stream.end();
  },
  'a flush': (stream) => {
    stream.flush();
    stream.end();
  },
  'an awaited empty write': (stream) => stream.write('', () => stream.end()),
  'corked empty writes': (stream) => {
    stream.cork();
    stream.write('');
    stream.write('');
    stream.uncork();
    stream.end();
  },
};

/** Sizes: of what comes out, and of what node reads of that if it was compressed. */
function sizes(name, output) {
  const bytes = output.buffer instanceof Buffer ? output.buffer : output;
  const format = FORMATS.find(({ compress, Compressor }) => [compress, Compressor].includes(name));
  if (!format) return bytes.length;
  const read = node[`${format.decompress}Sync`](bytes, { finishFlush: 2 });
  return [read.length, bytes.length > 0];
}

for (const method of METHODS) {
  test(`${method} and ${method}Sync of nothing`, async () => {
    for (const [type, value] of Object.entries(VALUES)) {
      for (const options of OPTIONS) {
        const label = `${type} ${JSON.stringify(options)}`;
        assertSame((side) => sizes(method, side[`${method}Sync`](value, options)), label);
        await assertSameAsync(
          async (side) => sizes(method, await oneShot(side, method, value, options)),
          label,
        );
      }
    }
  });
}

for (const name of CLASSES) {
  for (const [title, act] of Object.entries(WAYS)) {
    test(`${name}: ${title}`, async () => {
      for (const options of [undefined, { finishFlush: 2 }, { flush: 2 }, { flush: 3 }]) {
        await assertSameAsync(async (side) => {
          const life = new Recorder(new side[name](options));
          act(life.stream);
          await life.closed();
          const { bytesWritten } = life.stream;
          return [life.events(['end', 'error', 'close']), sizes(name, life.output), bytesWritten];
        }, JSON.stringify(options));
      }
    });
  }
}
