// The member header: written, read, replaced.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const zlib = require('node:zlib');
const fc = require('fast-check');
const { cli } = require('./helpers');

const { buildHeader, decodeName, encodeName, parseHeader, replaceHeader, safeName } =
  cli('gzip-header.js');

const hex = (bytes) => bytes.toString('hex');

test('fields stand where RFC 1952 says', () => {
  const header = buildHeader({ name: 'file', mtime: 0x01020304, level: 6 });
  assert.equal(hex(header), '1f8b0808040302010003' + '66696c6500');
  assert.equal(hex(buildHeader({ mtime: 0, level: 6 })), '1f8b0800000000000003');
});

test('XFL tells the best and the fastest level', () => {
  const xfl = (level) => buildHeader({ mtime: 0, level })[8];
  assert.deepEqual([1, 2, 5, 6, 8, 9].map(xfl), [4, 0, 0, 0, 0, 2]);
});

test('names are ISO 8859-1, or left out', () => {
  assert.equal(hex(encodeName('für')), '66fc72');
  assert.equal(encodeName('♥'), undefined);
  assert.equal(encodeName(''), undefined);
  assert.equal(encodeName('a\0b'), undefined);
  // Its bytes would be read as the UTF-8 of another name.
  assert.equal(encodeName('Ã¼'), undefined);
  assert.equal(buildHeader({ name: '♥', mtime: 0, level: 6 })[3], 0);
});

test('gzip stores UTF-8, which is read as such', () => {
  assert.equal(decodeName(Buffer.from('für ♥')), 'für ♥');
  assert.equal(decodeName(Buffer.from('66fc72', 'hex')), 'für');
});

test('any name comes back as it was, or is not stored', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const raw = encodeName(name);
      assert.ok(raw === undefined || decodeName(raw) === name);
    }),
  );
});

test('a name cannot choose a folder', () => {
  const safe = (name) => safeName(Buffer.from(name));
  assert.equal(safe('plain'), 'plain');
  assert.equal(safe('../x'), 'x');
  assert.equal(safe('/etc/passwd'), 'passwd');
  assert.equal(safe('a/../b'), 'b');
  for (const name of ['', '.', '..', 'x/', 'x/.', 'x/..', '../', '/']) {
    assert.equal(safe(name), undefined, JSON.stringify(name));
  }
  assert.equal(safe('x'.repeat(255))?.length, 255);
  assert.equal(safe('x'.repeat(256)), undefined);
  assert.equal(safe('é'.repeat(128)), undefined);
});

/** All optional fields at once. */
const full = Buffer.concat([
  Buffer.from('1f8b081e78563412', 'hex'),
  Buffer.of(0, 3),
  Buffer.from('0300616263', 'hex'),
  Buffer.from('name\0comment\0'),
  Buffer.from('beef', 'hex'),
]);

test('all optional fields are skipped, the name is found', () => {
  const { kind, header } = parseHeader(Buffer.concat([full, Buffer.from('data')]));
  assert.equal(kind, 'header');
  assert.deepEqual(header, {
    length: full.length,
    rawName: Buffer.from('name'),
    mtime: 0x12345678,
  });
});

test('a header cut anywhere is incomplete', () => {
  for (let length = 0; length < full.length; length++) {
    assert.equal(parseHeader(full.subarray(0, length)).kind, 'incomplete', `${length} bytes`);
  }
});

test('what is no member, and what is not supported', () => {
  const kind = (text) => parseHeader(Buffer.from(text, 'hex'));
  assert.equal(kind('1f8c').kind, 'not-gzip');
  assert.equal(kind('504b0304').kind, 'not-gzip');
  assert.match(kind('1f8b0900000000000003').reason, /unknown method 9/);
  assert.match(kind('1f8b0820000000000003').reason, /encrypted/);
  assert.match(kind('1f8b0840000000000003').reason, /flags 0x40/);
});

test('any bytes are read without harm', () => {
  const bytes = fc.uint8Array({ maxLength: 64 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 31 }), (rest, flags) => {
      const input = Buffer.from([0x1f, 0x8b, 8, flags, ...rest]);
      const parsed = parseHeader(input);
      if (parsed.kind !== 'header') return parsed.kind === 'incomplete';
      return parsed.header.length >= 10 && parsed.header.length <= input.length;
    }),
  );
});

async function collect(source) {
  const chunks = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('replaceHeader does so in any chunking', async () => {
  const original = zlib.gzipSync('some text');
  const header = buildHeader({ name: 'n', mtime: 5, level: 9 });
  const expected = Buffer.concat([header, original.subarray(10)]);
  for (let first = 0; first <= 12; first++) {
    for (let second = first; second <= 12; second++) {
      const cuts = [0, first, second, original.length];
      const chunks = [0, 1, 2].map((i) => original.subarray(cuts[i], cuts[i + 1]));
      assert.deepEqual(await collect(replaceHeader(chunks, header)), expected);
    }
  }
  const bytes = Array.from(original, (byte) => Buffer.of(byte));
  assert.deepEqual(await collect(replaceHeader(bytes, header)), expected);
});

test('replaceHeader refuses what is not the fixed header', async () => {
  const header = buildHeader({ mtime: 0, level: 6 });
  await assert.rejects(collect(replaceHeader([full], header)), /unexpected gzip header/);
  await assert.rejects(collect(replaceHeader([full.subarray(0, 9)], header)), /short gzip member/);
});
