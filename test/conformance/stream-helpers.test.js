// zlib streams in the hands of node:stream's helpers and of web streams.

const stream = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { mixed, text } = require('../support/data');
const { collect, turns } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const { Duplex, PassThrough, Readable, Writable } = stream;
const plain = text(20_000);
const large = mixed(500_000);

/** What each scene gets: node's reader, and good and bad input of a decompressor. */
function materialOf({ compress, decompress, ...names }) {
  const packed = node[`${compress}Sync`](plain);
  const bad = Buffer.from(packed);
  bad.fill(0xff, 50, 80);
  const read = (bytes) => node[`${decompress}Sync`](bytes);
  return { ...names, packed, bad, long: node[`${compress}Sync`](large), read };
}

const ended = (one, bytes) => {
  one.end(bytes);
  return one;
};

const SCENES = {
  'for await, and its break': async (side, { Decompressor, long }) => {
    const one = ended(new side[Decompressor](), long);
    for await (const chunk of one) {
      if (chunk.length > 0) break;
    }
    await turns();
    return [one.destroyed, one.closed, one.errored, one.readableAborted];
  },
  'for await over bad data': async (side, { Decompressor, bad }) => {
    for await (const chunk of ended(new side[Decompressor](), bad)) chunk.fill(0);
  },
  'iterator that does not destroy': async (side, { Decompressor, packed }) => {
    const one = ended(new side[Decompressor](), packed);
    for await (const chunk of one.iterator({ destroyOnReturn: false })) {
      if (chunk.length > 0) break;
    }
    return one.destroyed;
  },
  'Symbol.asyncDispose': async (side, { Compressor }) => {
    const one = new side[Compressor]();
    if (!Symbol.asyncDispose || !(Symbol.asyncDispose in one)) return 'none';
    one.on('error', () => {});
    one.write('abc');
    await one[Symbol.asyncDispose]();
    return [one.destroyed, one.errored?.name];
  },
  compose: async (side, { Compressor, Decompressor }) =>
    collect(ended(stream.compose(new side[Compressor](), new side[Decompressor]()), plain)),
  'compose of bad data': async (side, { Decompressor, bad }) =>
    collect(ended(stream.compose(new side[Decompressor](), new PassThrough()), bad)),
  'compose, the method': async (side, { Compressor, read }) =>
    read(await collect(Readable.from([plain]).compose(new side[Compressor]()))),
  'Duplex.from': async (side, { Compressor, read }) =>
    read(await collect(ended(Duplex.from(new side[Compressor]()), plain))),
  'Duplex.from a pair': async (side, { Compressor, read }) => {
    const one = new side[Compressor]();
    return read(await collect(ended(Duplex.from({ writable: one, readable: one }), plain)));
  },
  'operators of Readable': async (side, { Decompressor, packed }) => {
    const make = () => ended(new side[Decompressor]({ chunkSize: 1000 }), packed);
    const sizes = (readable) => readable.map((chunk) => chunk.length).toArray();
    const seen = [];
    await make().forEach((chunk) => {
      seen.push(chunk.length);
    });
    return [
      seen,
      await sizes(make()),
      await sizes(make().filter((chunk) => chunk.length < 1000)),
      await sizes(make().take(2)),
      await sizes(make().drop(2)),
      await make().reduce((sum, chunk) => sum + chunk.length, 0),
      await make().some((chunk) => chunk.length > 5000),
      await make().every((chunk) => chunk.length <= 1000),
      (await make().find((chunk) => chunk.length > 0)).length,
      await sizes(make().flatMap((chunk) => [chunk, chunk])),
    ];
  },
  'toArray of bad data': async (side, { Decompressor, bad }) =>
    ended(new side[Decompressor](), bad).toArray(),
  'Readable.from strings': async (side, { Compressor, read }) =>
    read(await collect(Readable.from(['a', 'b', 'ü']).pipe(new side[Compressor]()))),
  'pipeline to an async function': async (side, { Compressor, read }) =>
    pipeline(Readable.from([plain]), new side[Compressor](), async (source) =>
      read(Buffer.concat(await source.toArray())),
    ),
  'pipeline that does not end it': async (side, { Compressor, read }) => {
    const one = new side[Compressor]();
    const output = collect(one);
    await pipeline(Readable.from([plain.subarray(0, 500)]), one, { end: false });
    one.end(plain.subarray(500));
    return read(await output);
  },
  'pipeline of a stream that is closed': async (side, { Decompressor, packed }) => {
    const one = new side[Decompressor]();
    const source = new PassThrough();
    source.write(packed.subarray(0, 20));
    setImmediate(() => one.close());
    await pipeline(source, one, new PassThrough().resume());
  },
  'finished() of one side, and after the end': async (side, { Compressor }) => {
    const one = new side[Compressor]().resume();
    const seen = [];
    stream.finished(one, { readable: false }, (error) => seen.push(`writable ${error?.code}`));
    stream.finished(one, { writable: false }, (error) => seen.push(`readable ${error?.code}`));
    one.end('abc');
    await new Promise((resolve) => one.once('close', resolve));
    await new Promise((resolve) => stream.finished(one, resolve));
    return seen.sort();
  },
  'read() and unshift()': async (side, { Decompressor, packed }) => {
    const one = ended(new side[Decompressor]({ chunkSize: 1000 }), packed);
    await new Promise((resolve) => one.once('readable', resolve));
    const parts = [one.read(10), one.read(5)];
    one.unshift(Buffer.from('zz'));
    parts.push(one.read(2));
    return parts.map(String);
  },
  setEncoding: async (side, { Decompressor, packed }) => {
    const one = ended(new side[Decompressor]().setEncoding('latin1'), packed);
    return (await one.toArray()).join('');
  },
  'readable.wrap': async (side, { Decompressor, packed }) => {
    const one = new side[Decompressor]();
    const output = collect(new Readable().wrap(one));
    one.end(packed);
    return output;
  },
  'pipeThrough of web streams': async (side, { Compressor, Decompressor }) => {
    const both = new Blob([plain])
      .stream()
      .pipeThrough(Duplex.toWeb(new side[Compressor]()))
      .pipeThrough(Duplex.toWeb(new side[Decompressor]()));
    return Buffer.from(await new Response(both).arrayBuffer());
  },
  'web streams of bad data': async (side, { Decompressor, bad }) => {
    const { readable, writable } = Duplex.toWeb(new side[Decompressor]());
    const writer = writable.getWriter();
    writer.write(bad).catch(() => {});
    writer.close().catch(() => {});
    writer.closed.catch(() => {});
    return new Response(readable).arrayBuffer();
  },
  'a web reader that cancels': async (side, { Decompressor, long }) => {
    const one = ended(new side[Decompressor](), long);
    one.on('error', () => {});
    const reader = Readable.toWeb(one).getReader();
    await reader.read();
    await reader.cancel();
    await turns(5);
    return [one.destroyed, one.errored?.code];
  },
  'a web writer that aborts': async (side, { Compressor }) => {
    const one = new side[Compressor]();
    one.on('error', () => {});
    const writer = Writable.toWeb(one).getWriter();
    await writer.write(plain);
    writer.closed.catch(() => {});
    writer.abort(new Error('on purpose')).catch(() => {});
    await turns(5);
    return [one.destroyed, one.errored?.message];
  },
  'to the web and back': async (side, { Compressor, read }) =>
    read(await collect(ended(Duplex.fromWeb(Duplex.toWeb(new side[Compressor]())), plain))),
};

for (const format of FORMATS) {
  const material = materialOf(format);
  for (const [title, scene] of Object.entries(SCENES)) {
    test(`${format.name}: ${title}`, () => assertSameAsync((side) => scene(side, material), title));
  }
}
