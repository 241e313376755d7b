// What follows a compressed stream: members, padding, garbage with every first byte, at every place
// between two writes, with and without rejectGarbageAfterEnd, in every form.

const { text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { lived } = require('../support/lived');
const { assertSame, assertSameAsync } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const { concat } = Buffer;
const plain = text(3000);
const member = node.gzipSync(plain);
const small = node.gzipSync('second');
const empty = node.gzipSync('');
const deflated = node.deflateSync('x');
const raw = node.deflateRawSync('x');
const hex = (digits) => Buffer.from(digits, 'hex');

/** A member with a name and a comment in its header (RFC 1952 §2.3). */
const named = concat([
  hex('1f8b0818000000000003'),
  Buffer.from('name\0comment\0'),
  small.subarray(10),
]);

const GZIP = {
  'one member': member,
  'two members': concat([member, small]),
  'members, empty ones between': concat([empty, empty, member, empty]),
  'empty members only': concat([empty, empty, empty]),
  'a name in the second header': concat([small, named]),
  'a name in the first header': concat([named, small]),
  'a thousand members': concat(Array(1000).fill(small)),
  'a thousand empty members': concat(Array(1000).fill(empty)),
  'one zero': concat([small, Buffer.alloc(1)]),
  '511 zeros': concat([member, Buffer.alloc(511)]),
  'a MiB of zeros': concat([member, Buffer.alloc(1 << 20)]),
  'a MiB of zeros, then a member': concat([member, Buffer.alloc(1 << 20), member]),
  'zeros, then garbage': concat([small, Buffer.alloc(3), Buffer.from('xyz')]),
  'zeros, then half the magic': concat([small, Buffer.alloc(3), hex('1f')]),
  'a cut member': concat([small, small.subarray(0, 12)]),
  'a zlib stream': concat([small, deflated]),
};
for (const tail of [
  '1f',
  '1f8b',
  '1f8b08',
  '1f8b0800',
  '1f00',
  '1f1f',
  '1f8b07',
  '78',
  '8b',
  'ff',
]) {
  GZIP[`the bytes ${tail}`] = concat([small, hex(tail)]);
}

const following = (bytes) => ({
  nothing: bytes,
  text: concat([bytes, Buffer.from('abc')]),
  'a zero': concat([bytes, Buffer.alloc(1)]),
  zeros: concat([bytes, Buffer.alloc(5)]),
  'the same again': concat([bytes, bytes]),
  'a gzip member': concat([bytes, small]),
});

const OPTIONS = [{}, { rejectGarbageAfterEnd: true }];

const capital = (method) => method[0].toUpperCase() + method.slice(1);

/** Both one-shot forms and streams that are written to in pieces of `steps` bytes. */
async function everyForm(method, bytes, options, steps, label) {
  assertSame((side) => {
    const { buffer, engine } = side[`${method}Sync`](bytes, { ...options, info: true });
    return [buffer, engine.bytesWritten];
  }, `sync, ${label}`);
  await assertSameAsync((side) => oneShot(side, method, bytes, options), `callback, ${label}`);
  for (const step of steps) {
    await assertSameAsync(async (side) => {
      const parts = [];
      for (let at = 0; at < bytes.length; at += step) parts.push(bytes.subarray(at, at + step));
      const life = await lived(new side[capital(method)](options), parts);
      const { bytesWritten } = life.stream;
      return [life.events(['end', 'error', 'close']), life.output, bytesWritten];
    }, `pieces of ${step}, ${label}`);
  }
}

for (const method of ['gunzip', 'unzip']) {
  for (const [title, bytes] of Object.entries(GZIP)) {
    test(`${method}: ${title}`, async () => {
      const steps = bytes.length < 100 ? [1, 7, bytes.length] : [997, bytes.length - 1];
      if (bytes.length > 1 << 20) steps[0] = 65_536;
      for (const options of OPTIONS) {
        const label = JSON.stringify(options);
        await everyForm(method, bytes, options, steps, label);
        if (bytes.length > 1 << 20) continue;
        await everyForm(method, bytes, { ...options, finishFlush: 2 }, steps, `sync, ${label}`);
      }
      await everyForm(method, bytes, { chunkSize: 64 }, [bytes.length], 'chunkSize 64');
    });
  }
}

for (const [method, bytes] of [
  ['inflate', deflated],
  ['unzip', deflated],
  ['inflateRaw', raw],
]) {
  for (const [title, whole] of Object.entries(following(bytes))) {
    test(`${method}: one stream and ${title}`, async () => {
      for (const options of OPTIONS) {
        const label = JSON.stringify(options);
        await everyForm(method, whole, options, [1, whole.length], label);
      }
    });
  }
}

for (const method of ['gunzip', 'unzip']) {
  test(`${method}: every first byte of garbage`, async () => {
    for (let first = 0; first < 256; first++) {
      const bytes = concat([small, Buffer.from([first, 1, 2].slice(0, 1 + (first % 3)))]);
      await everyForm(method, bytes, {}, [small.length], `${first}`);
    }
  });
}
