// Conformance tests, unchanged, while a device does the work.
//   node suites.js TRANSPORT

const assert = require('node:assert/strict');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { counters } = require('./bench');
const { step, note, done } = require('./tap');

const transport = process.argv[2];

async function main() {
  await step(`${transport}: conformance on the device`, () => {
    const before = counters(transport).jobs;
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--require', path.join(__dirname, 'on-device.js'), path.join(__dirname, 'conformance.js')],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    const requests = counters(transport).jobs - before;
    const lines = stdout.trimEnd().split('\n');
    const telling = lines.filter((line) => !/^\s*(ok |---|\.\.\.|# Sub|duration_ms)/.test(line));
    const end = `${stderr}${telling.slice(-30).join('\n')}`;
    assert.equal(status, 0, `${signal ?? `exit ${status}`}\n${end}`);
    const passed = lines.find((line) => line.startsWith('# pass '));
    note(`${requests} requests; ${passed}`);
    assert.ok(requests > 0, 'the device got no request');
    assert.ok(Number(passed?.split(' ')[2]) > 0, 'no test was run');
  });
  done();
}

main();
