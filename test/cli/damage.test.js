// Members behind members, bytes behind the last one, and damaged files, from files and pipes.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');
const {
  cli,
  emptyFolder,
  folderWith,
  inProcess,
  member,
  namesIn,
  noise,
  warpgzip,
} = require('./helpers');

const { decompress } = cli('codec.js');
const { explain } = cli('work.js');
const { openInput } = cli('input.js');
const { Sink } = cli('output.js');

const plain = Buffer.alloc(300_000, 'some text to be repeated, ');
const packed = zlib.gzipSync(plain);
const random = noise(200_000);

/** What `bytes` decode to, and what is said to follow; or {error}. */
async function decode(bytes) {
  const folder = folderWith({ in: bytes });
  const fd = fs.openSync(path.join(folder, 'out'), 'w');
  const input = await openInput(path.join(folder, 'in'), { follow: false, wait: false });
  let result;
  try {
    result = { trailing: await decompress(input, new Sink('out', fd)) };
  } catch (error) {
    result = { error: explain(input, error).message.replace(/^.*: /, '') };
  }
  await input.close();
  fs.closeSync(fd);
  return { ...result, output: fs.readFileSync(path.join(folder, 'out')) };
}

async function assertDecodes(bytes, output, trailing) {
  const actual = await decode(bytes);
  assert.equal(actual.error, undefined);
  assert.equal(actual.trailing, trailing);
  assert.ok(actual.output.equals(output));
}

test('members of all sizes, one behind the other', async () => {
  const sizes = [0, 1, 100, 70_000, 0, 0, 200_000, 5, 150_000, 64, 64, 64];
  const parts = sizes.map((size, i) => random.subarray(i, i + size));
  const members = parts.map((part) => zlib.gzipSync(part, { level: 1 }));
  await assertDecodes(Buffer.concat(members), Buffer.concat(parts), 'nothing');
});

test('short members that decode to much', async () => {
  const parts = [3, 2_000_000, 3, 1_500_000].map((size) => Buffer.alloc(size, 'z'));
  const members = parts.map((part) => zlib.gzipSync(part));
  await assertDecodes(Buffer.concat(members), Buffer.concat(parts), 'nothing');
});

test('thousands of members over the borders of what is read at once', async () => {
  const part = random.subarray(0, 1000);
  const bytes = Buffer.concat(Array(1500).fill(zlib.gzipSync(part)));
  await assertDecodes(bytes, Buffer.concat(Array(1500).fill(part)), 'nothing');
});

test('a long member behind which another one begins', async () => {
  const long = Buffer.concat(Array(60).fill(random));
  const bytes = Buffer.concat([zlib.gzipSync(long, { level: 0 }), packed, Buffer.from('xy')]);
  await assertDecodes(bytes, Buffer.concat([long, plain]), 'garbage');
});

test('what follows the last member', async () => {
  for (const members of [1, 2]) {
    const bytes = Buffer.concat(Array(members).fill(packed));
    const output = Buffer.concat(Array(members).fill(plain));
    const behind = (...tail) => Buffer.concat([bytes, ...tail]);
    await assertDecodes(behind(Buffer.from('garbage')), output, 'garbage');
    await assertDecodes(behind(random), output, 'garbage');
    await assertDecodes(behind(Buffer.from('1f8c', 'hex')), output, 'garbage');
    await assertDecodes(behind(Buffer.alloc(1)), output, 'zeros');
    await assertDecodes(behind(Buffer.alloc(3_000_000)), output, 'zeros');
    await assertDecodes(behind(Buffer.alloc(3_000_000), Buffer.from('x')), output, 'garbage');
  }
});

const ERRORS = {
  'cut in the header': [packed.subarray(0, 7), 'unexpected end of file'],
  'cut in the data': [packed.subarray(0, packed.length >> 1), 'unexpected end of file'],
  'cut in the trailer': [packed.subarray(0, -1), 'unexpected end of file'],
  'cut in the second member': [
    Buffer.concat([packed, packed.subarray(0, 40)]),
    'unexpected end of file',
  ],
  'a wrong checksum': [changed(-8), 'invalid compressed data--crc error'],
  'a wrong length': [changed(-1), 'invalid compressed data--length error'],
  'a wrong checksum in the second, short member': [
    Buffer.concat([member('x'), changed(-8, member('y'))]),
    'invalid compressed data--crc error',
  ],
  'a block of no known type': [
    changed(10, packed, packed[10] ^ 0x07),
    'invalid compressed data--format violated',
  ],
};

/** A copy of `bytes` in which the bits of `mask` are other ones in the byte at `offset`. */
function changed(offset, bytes = packed, mask = 1) {
  const copy = Buffer.from(bytes);
  copy[offset < 0 ? copy.length + offset : offset] ^= mask;
  return copy;
}

for (const [what, [bytes, message]] of Object.entries(ERRORS)) {
  test(`${what} is an error`, async () => {
    assert.equal((await decode(bytes)).error, message);
  });
}

test('damage on a pipe is an error', async () => {
  const [input, message] = ERRORS['a wrong checksum'];
  const { code, stderr } = await warpgzip(['-dc'], { input });
  assert.deepEqual([code, stderr], [1, `warpgzip: stdin: ${message}\n`]);
});

test('garbage on a pipe is a warning, the output complete', async () => {
  const input = Buffer.concat([packed, Buffer.from('garbage')]);
  const { code, stdout, stderr } = await warpgzip(['-d'], { input });
  assert.ok(stdout.equals(plain));
  assert.deepEqual(
    [code, stderr],
    [2, 'warpgzip: stdin: decompression OK, trailing garbage ignored\n'],
  );
});

test('zero bytes are mentioned with -v only', async () => {
  const cwd = folderWith({ 'a.gz': Buffer.concat([packed, Buffer.alloc(700)]) });
  assert.deepEqual(await inProcess(['-t', 'a.gz'], cwd), { code: 0, stderr: '' });
  const { code, stderr } = await inProcess(['-tv', 'a.gz'], cwd);
  assert.equal(code, 2);
  assert.match(stderr, /a\.gz: decompression OK, trailing zero bytes ignored\na\.gz:\t OK\n$/);
});

test('a damaged file leaves no output and stays; the next one is processed', async () => {
  const cwd = folderWith({ 'bad.gz': packed.subarray(0, -9), 'good.gz': packed });
  const { code, stderr } = await inProcess(['-d', 'bad.gz', 'good.gz'], cwd);
  assert.deepEqual([code, stderr], [1, 'warpgzip: bad.gz: unexpected end of file\n']);
  assert.deepEqual(namesIn(cwd), ['bad.gz', 'good']);
});

test('any change of one byte is found or harmless', async () => {
  const cwd = emptyFolder();
  const input = zlib.gzipSync('a short text, a short text, another text');
  for (let at = 0; at < input.length; at++) {
    const bytes = Buffer.from(input);
    bytes[at] ^= 1 << (at % 8);
    fs.writeFileSync(path.join(cwd, 'x.gz'), bytes);
    const { code } = await inProcess(['-dkf', 'x.gz'], cwd);
    const made = namesIn(cwd).includes('x') ? fs.readFileSync(path.join(cwd, 'x'), 'latin1') : '';
    if (code === 1) assert.equal(made, '', `byte ${at}`);
    else assert.equal(made, 'a short text, a short text, another text', `byte ${at}`);
    fs.rmSync(path.join(cwd, 'x'), { force: true });
  }
});
