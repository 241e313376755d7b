// Bytes after the end of a compressed stream: the output ends there, bytesWritten does not count
// them, and later writes and flushes are still called back.

const assert = require('node:assert/strict');
const { once } = require('node:events');

const { noise } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { assertSameAsync } = require('../support/same');
const { node, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const rest = Buffer.from('no compressed data');

const STREAMS = {
  Inflate: node.deflateSync('0123456789'.repeat(4)),
  InflateRaw: node.deflateRawSync('0123456789'.repeat(4)),
  Unzip: node.deflateSync('0123456789'.repeat(4)),
};

const WAYS = {
  'the stream and no more': (stream, bytes) => stream.end(bytes),
  'the rest in a write of its own': (stream, bytes) => {
    stream.write(bytes);
    stream.write(rest);
  },
  'the rest in end()': (stream, bytes) => {
    stream.write(bytes);
    stream.end(rest);
  },
  'both in one write': (stream, bytes) => stream.write(Buffer.concat([bytes, rest])),
  'both in end()': (stream, bytes) => stream.end(Buffer.concat([bytes, rest])),
};

for (const [name, bytes] of Object.entries(STREAMS)) {
  for (const [title, write] of Object.entries(WAYS)) {
    test(`${name}: ${title}`, async () => {
      await assertSameAsync(async (side) => {
        const stream = new side[name]();
        const recorder = new Recorder(stream);
        const ended = once(stream, 'end');
        write(stream, bytes);
        await ended;
        const counted = stream.bytesWritten;
        await turns();
        stream.destroy();
        return { counted, output: String(recorder.output), reads: recorder.reads().slice(0, 2) };
      });
    });
  }

  test(`${name}: writes and a flush after the end are called back`, async () => {
    await assertSameAsync(async (side) => {
      const stream = new side[name]();
      const recorder = new Recorder(stream);
      stream.write(bytes, recorder.callback('stream'));
      stream.write(Buffer.alloc(1), recorder.callback('zero'));
      stream.write(Buffer.alloc(1), recorder.callback('another'));
      stream.flush(recorder.callback('flush'));
      await recorder.calledBack();
      await turns();
      stream.destroy();
      return { calls: recorder.called(), output: String(recorder.output) };
    });
  });
}

// The zero ends the readable side, and the output of a member in a later write is an error.
test('a member in a write after the end: bytesWritten at the error', async () => {
  const member = node.gzipSync(noise(300_000));
  await assertSameAsync(async (side) => {
    const stream = side.createGunzip();
    const recorder = new Recorder(stream);
    const write = (bytes) => new Promise((resolve) => stream.write(bytes, resolve));
    await write(Buffer.concat([member, Buffer.alloc(1)]));
    await turns();
    await write(member);
    await turns();
    return { counted: stream.bytesWritten, events: recorder.reads(), output: recorder.output };
  });
});

// README: what was taken ahead of time was processed by then, so more can be counted.
test('a member behind the end fails the stream, and bytesWritten may count more writes', async () => {
  const member = node.gzipSync(Buffer.alloc(3000, 'member'));
  const play = async (side) => {
    const stream = new side.Gunzip();
    const recorder = new Recorder(stream);
    stream.write(Buffer.concat([member, Buffer.alloc(1)]));
    stream.write(member.subarray(0, 20));
    for (let i = 20; i < member.length; i++) stream.write(member.subarray(i, i + 1));
    const [error] = await once(stream, 'error');
    return [stream.bytesWritten, error.code, String(recorder.output), recorder.reads()];
  };
  const [counted, ...rest] = await play(zlib);
  const [least, ...expected] = await play(node);
  assert.deepEqual(rest, expected);
  assert.equal(rest[0], 'ERR_STREAM_PUSH_AFTER_EOF');
  assert.ok(least <= counted && counted <= 2 * member.length + 1, `${counted}, node: ${least}`);
});
