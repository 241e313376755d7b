// Other programs read what we write, and we read what they write.

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { runProgram } = require('../support/child');
const { mixed } = require('../support/data');
const { feed } = require('../support/feed');
const { oneShot, through } = require('../support/drive');
const { needs } = require('../support/programs');
const { zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(3_500_000);
const FLUSHES = [1, 2, 3, 5].map((kind, i) => [400_000 * (i + 1), kind]);

// What Python makes of standard input; `sys`, `zlib` and `gzip` are there.
const python = (expression) => [
  '-c',
  `import sys, zlib, gzip; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(${expression})`,
];

const READERS = {
  gzip: ['-dc'],
  pigz: ['-dc'],
  igzip: ['-dc'],
  python3: python('gzip.decompress(data)'),
};

const WRITERS = {
  gzip: [['-c'], ['-c', '-1'], ['-c', '-9']],
  pigz: [['-c'], ['-c', '-b', '128', '-p', '4'], ['-c', '-i'], ['-c', '-0']],
  igzip: [['-c'], ['-c', '-0'], ['-c', '-3']],
  python3: [python('gzip.compress(data)'), python('gzip.compress(data, 1) + gzip.compress(b"")')],
};

async function output(program, args, input) {
  const { code, stdout, stderr } = await runProgram(program, args, { input });
  assert.equal(code, 0, `${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

for (const [program, args] of Object.entries(READERS)) {
  test(`${program} reads ours`, async (t) => {
    if (!needs(t, program)) return;
    for (const level of [0, 1, 6, 9]) {
      const bytes = await through(new zlib.Gzip({ level }), plain, 100_000);
      assert.ok((await output(program, args, bytes)).equals(plain), `level ${level}`);
    }
    for (const data of [Buffer.alloc(0), Buffer.from('x'), plain.subarray(0, 65_537)]) {
      assert.ok((await output(program, args, zlib.gzipSync(data))).equals(data));
    }
  });

  test(`${program} reads ours with flushes, and two of ours in a row`, async (t) => {
    if (!needs(t, program)) return;
    const flushed = await feed(new zlib.Gzip(), plain, 50_000, FLUSHES);
    assert.ok((await output(program, args, flushed)).equals(plain));
    const twice = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')]);
    assert.equal((await output(program, args, twice)).toString(), 'one two');
  });
}

for (const [program, variants] of Object.entries(WRITERS)) {
  test(`we read ${program}'s`, async (t) => {
    if (!needs(t, program)) return;
    for (const args of variants) {
      const bytes = await output(program, args, plain);
      const label = args.join(' ').slice(-60);
      assert.ok(zlib.gunzipSync(bytes).equals(plain), `sync: ${label}`);
      assert.ok((await oneShot(zlib, 'unzip', bytes)).equals(plain), `callback: ${label}`);
      for (const step of [3000, bytes.length]) {
        const restored = await through(new zlib.Gunzip(), bytes, step);
        assert.ok(restored.equals(plain), `pieces of ${step}: ${label}`);
      }
    }
  });
}

test('gzip -t and gzip -l believe us', async (t) => {
  if (!needs(t, 'gzip')) return;
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'warpdrive-'));
  t.after(() => fs.rm(folder, { recursive: true }));
  const name = path.join(folder, 'plain.gz');
  await fs.writeFile(name, await oneShot(zlib, 'gzip', plain));
  await output('gzip', ['-t', name]);
  assert.match((await output('gzip', ['-l', name])).toString(), new RegExp(` ${plain.length} `));
});

test('names and times that gzip puts in its header', async (t) => {
  if (!needs(t, 'gzip')) return;
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'warpdrive-'));
  t.after(() => fs.rm(folder, { recursive: true }));
  const name = path.join(folder, 'a file with a long name.txt');
  await fs.writeFile(name, plain);
  const bytes = await output('gzip', ['-cN', name]);
  assert.equal(bytes[3] & 8, 8, 'the name is there');
  assert.ok(zlib.gunzipSync(bytes).equals(plain));
  assert.ok((await through(new zlib.Unzip(), bytes, 1000)).equals(plain));
});

test('python reads and writes zlib and raw deflate, with dictionaries', async (t) => {
  if (!needs(t, 'python3')) return;
  const data = plain.subarray(0, 300_000);
  const run = (expression, input) => output('python3', python(expression), input);
  assert.ok((await run('zlib.decompress(data)', zlib.deflateSync(data))).equals(data));
  assert.ok((await run('zlib.decompress(data, -15)', zlib.deflateRawSync(data))).equals(data));
  assert.ok(zlib.inflateSync(await run('zlib.compress(data, 9)', data)).equals(data));
  const raw = 'zlib.compressobj(6, zlib.DEFLATED, -15)';
  const whole = `(lambda c: c.compress(data) + c.flush())(${raw})`;
  assert.ok(zlib.inflateRawSync(await run(whole, data)).equals(data));

  const dictionary = Buffer.from('the queue of a device is rung by its doorbell ');
  const withDictionary = zlib.deflateSync(data, { dictionary });
  const reader = `zlib.decompressobj(zdict=b"${dictionary}").decompress(data)`;
  assert.ok((await run(reader, withDictionary)).equals(data));
  const writer = `zlib.compressobj(zdict=b"${dictionary}")`;
  const theirs = await run(`(lambda c: c.compress(data) + c.flush())(${writer})`, data);
  assert.ok(zlib.inflateSync(theirs, { dictionary }).equals(data));
});

test('what pigz makes with -z', async (t) => {
  if (!needs(t, 'pigz')) return;
  assert.ok(zlib.inflateSync(await output('pigz', ['-cz'], plain)).equals(plain));
  assert.ok((await output('pigz', ['-dcz'], zlib.deflateSync(plain))).equals(plain));
});
