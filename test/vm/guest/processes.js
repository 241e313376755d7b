// Processes that share a device, and that end in the middle of its work.
//   node processes.js TRANSPORT

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { counters, slow } = require('./bench');
const { step, note, done } = require('./tap');

const transport = process.argv[2];

/** Compresses once, or until it is killed; says so after each time. */
const CHILD = `
  const zlib = require(${JSON.stringify(require.resolve('../../..'))});
  zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });
  const data = Buffer.alloc(4e6, 'another process ');
  (function again() {
    const parts = [];
    const gzip = zlib.createGzip().on('data', (part) => parts.push(part)).on('end', () => {
      if (!require('node:zlib').gunzipSync(Buffer.concat(parts)).equals(data)) process.exit(3);
      console.log(JSON.stringify(zlib.warpdrive.stats()));
      if (process.argv[1] === 'forever') setImmediate(again);
    });
    gzip.end(data);
  })();`;

function once() {
  const before = counters(transport).jobs;
  const child = spawnSync(process.execPath, ['-e', CHILD], { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  note(child.stdout.trim());
  return counters(transport).jobs - before;
}

/** A process that is amid its work, seen by the device. */
async function busy() {
  const before = counters(transport).jobs;
  const child = spawn(process.execPath, ['-e', CHILD, 'forever'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const end = Date.now() + 120_000;
  while (counters(transport).jobs === before) {
    assert.ok(Date.now() < end && child.exitCode === null, 'the process does not use the device');
    await new Promise((go) => setTimeout(go, 20));
  }
  return child;
}

async function kill(child) {
  child.kill('SIGKILL');
  await new Promise((go) => child.once('exit', go));
}

async function main() {
  await step(`${transport}: two processes at once are both right`, async () => {
    const child = await busy();
    try {
      once();
    } finally {
      await kill(child);
    }
  });
  await step(`${transport}: killed in mid-job, used again at once`, async () => {
    slow(transport, true);
    try {
      for (let round = 0; round < 3; round++) {
        await kill(await busy());
        assert.ok(once() > 0, 'the device got no request');
      }
    } finally {
      slow(transport, false);
    }
  });
  done();
}

main();
