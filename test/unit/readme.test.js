// README's examples: TypeScript takes them, and they run as they stand.
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const { gunzipSync } = require('node:zlib');

const root = join(__dirname, '..', '..');
const readme = fs.readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
const dump = Buffer.alloc(300_000, 'insert into t values (1);\n');
let app;

before(() => {
  app = fs.mkdtempSync(join(tmpdir(), 'warpdrive-readme-'));
  fs.mkdirSync(join(app, 'node_modules'));
  fs.symlinkSync(root, join(app, 'node_modules', 'warpdrive-zlib'));
  fs.writeFileSync(join(app, 'dump.sql'), dump);
});
after(() => fs.rmSync(app, { recursive: true }));

function run(code) {
  fs.writeFileSync(join(app, 'example.mjs'), code);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], {
    cwd: app,
    input: dump,
  });
  assert.equal(status, 0, stderr.toString());
  return stdout;
}

test('there are examples', () => assert.ok(examples.length >= 6, `${examples.length}`));

test('TypeScript takes all of them', () => {
  const files = examples.map((code, i) => {
    fs.writeFileSync(join(app, `example-${i}.mts`), code);
    return `example-${i}.mts`;
  });
  const compilerOptions = {
    ...{ target: 'es2022', module: 'node16', strict: true, noEmit: true, skipLibCheck: true },
    ...{ types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
  };
  fs.writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', app], { encoding: 'utf8' });
  assert.equal(stdout, '');
});

for (const [i, code] of examples.entries()) {
  test(`example ${i + 1} runs: ${code.trim().split('\n').at(-1)}`, () => {
    // Somebody has to ask the server, and to end it.
    const asked = `.listen(0, async function () {
      const response = await fetch('http://127.0.0.1:' + this.address().port);
      process.stdout.write(Buffer.from(await response.arrayBuffer()));
      this.close().closeAllConnections();
    })`;
    const output = run(code.replace('.listen(8080)', asked));
    if (code.includes('stdout')) assert.ok(gunzipSync(output).equals(dump));
    if (code.includes('listen')) assert.ok(output.equals(dump));
    if (code.includes('dump.sql.gz')) {
      assert.ok(gunzipSync(fs.readFileSync(join(app, 'dump.sql.gz'))).equals(dump));
    }
  });
}
