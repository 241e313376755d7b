// Processes that share a device, and that end in the middle of its work.
//   node processes.js TRANSPORT

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once: event } = require('node:events');
const fs = require('node:fs');
const { counters, slow } = require('./bench');
const { step, note, done } = require('./tap');

const transport = process.argv[2];

/** Compresses once, or until it is killed on all devices at once; says so after each time. */
const CHILD = `
  const zlib = require(${JSON.stringify(require.resolve('../../..'))});
  zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });
  const data = Buffer.alloc(4e6, 'another process ');
  const pack = (warpdrive) => new Promise((resolve) => {
    const parts = [];
    const gzip = zlib.createGzip({ warpdrive }).on('data', (part) => parts.push(part));
    gzip.on('end', () => {
      if (!require('node:zlib').gunzipSync(Buffer.concat(parts)).equals(data)) process.exit(3);
      resolve();
    });
    gzip.end(data);
  });
  (async () => {
    const devices = zlib.warpdrive.devices().filter((d) => d.transport === ${JSON.stringify(transport)});
    do {
      const forever = process.argv[1] === 'forever';
      await Promise.all(forever ? devices.map(({ name }) => pack({ device: name })) : [pack()]);
      console.log(JSON.stringify({ devices, stats: zlib.warpdrive.stats() }));
    } while (process.argv[1] === 'forever');
  })();`;

/** A process that compresses once. @returns {{jobs, devices, stats}} what devices did, what it says */
function once() {
  const before = counters(transport).jobs;
  const child = spawnSync(process.execPath, ['-e', CHILD], { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  note(child.stdout.trim());
  return { jobs: counters(transport).jobs - before, ...JSON.parse(child.stdout) };
}

/** By name, what a process's stats() say of the devices of the transport. */
function ofTransport({ devices, stats }) {
  const names = devices.map(({ name }) => name);
  return stats.devices.filter(({ name }) => names.includes(name));
}

/** A process that is amid its work, seen by the device. */
async function busy() {
  const before = counters(transport).jobs;
  const child = spawn(process.execPath, ['-e', CHILD, 'forever'], {
    stdio: ['ignore', 'pipe', 'inherit'],
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

/**
 * Checks that a process did its work in software, and says of each device why it could not use it.
 * @param {RegExp} why in the quarantine's detail, or in devices() if it was known from the start
 */
function checkRefused(told, why) {
  for (const { name, usable, reason } of told.devices) {
    const [stats] = told.stats.devices.filter((device) => device.name === name);
    const said = stats?.quarantine.detail ?? (usable ? '' : reason);
    assert.match(said, why, name);
    assert.equal(stats?.requests ?? 0, 0, `${name} executed requests of the other process`);
  }
  const software = told.stats.devices.find(({ name }) => name === 'software');
  assert.ok(software.requests > 0, 'software got no request');
}

/** Opens the devices' files until the kernel has no queue left. @returns {number[]} descriptors */
function takeAllQueues() {
  const held = [];
  for (const name of fs.readdirSync('/sys/class/uacce')) {
    assert.throws(
      () => {
        for (let n = 0; n < 1000; n++) held.push(fs.openSync(`/dev/${name}`, 'r+'));
      },
      { syscall: 'open' },
      `${name} gives more queues than it has`,
    );
  }
  return held;
}

async function main() {
  await step(`${transport}: two processes at once are both right`, async () => {
    const child = await busy();
    try {
      // It has queues of all devices, and goes on.
      await event(child.stdout, 'data');
      child.stdout.resume();
      const told = once();
      // Without shared addressing one process uses a device at a time: docs/hardware.md.
      if (transport !== 'uacce') checkRefused(told, /another process/);
      else
        assert.ok(
          ofTransport(told).some(({ requests }) => requests > 0),
          'not used by both',
        );
    } finally {
      await kill(child);
    }
  });
  if (transport === 'uacce') {
    await step('uacce: with no queue left streams go to software, and say why', () => {
      const held = takeAllQueues();
      note(`${held.length} queues`);
      try {
        checkRefused(once(), /no queue is (left|free)/);
      } finally {
        for (const fd of held) fs.closeSync(fd);
      }
    });
  }
  await step(`${transport}: killed in mid-job, used again at once`, async () => {
    slow(transport, true);
    try {
      for (let round = 0; round < 3; round++) {
        await kill(await busy());
        assert.ok(once().jobs > 0, 'the device got no request');
      }
    } finally {
      slow(transport, false);
    }
  });
  done();
}

main();
