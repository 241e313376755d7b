// What importing the package does: one file of JavaScript, the addon, and no thread. How many
// milliseconds that takes is measured in benchmarks/import.js.

const assert = require('node:assert/strict');
const { resolve } = require('node:path');
const { runProgram } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const root = resolve(__dirname, '../..');
const skip = notForNode('the package is what is loaded');
const COUNT = `
  const { existsSync, readdirSync } = require('node:fs');
  const threads = () => existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0;
  require('zlib');
  const before = threads();
  const kind = (file) => file.slice(file.lastIndexOf('.'));
  %LOAD%
  console.log(JSON.stringify([Object.keys(require.cache).map(kind).sort(), threads() - before]));
`;

const LOADS = {
  require: ["require('warpdrive-zlib');", ['.js', '.node']],
  preload: ["require('warpdrive-zlib/register');", ['.js', '.js', '.node']],
  // A stream that was only made has no work yet either.
  'a stream': ["require('warpdrive-zlib').createGzip();", ['.js', '.node']],
};

for (const [name, [load, files]] of Object.entries(LOADS)) {
  test(`${name}: files loaded and threads started`, { skip }, async () => {
    const { code, stdout, stderr } = await runProgram(
      process.execPath,
      ['-e', COUNT.replace('%LOAD%', load)],
      { cwd: root, env: { NODE_TEST_CONTEXT: '' } },
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout.toString()), [files, 0]);
  });
}
