// Results of a guest's Node programs, as TAP lines, and requests to the host.

const fs = require('node:fs');

let count = 0;
let failed = 0;

/** Runs one case; what it throws makes it a failure. */
async function step(name, fn) {
  count++;
  const start = Date.now();
  try {
    await fn();
    console.log(`ok ${count} - ${name} # ${Date.now() - start} ms`);
  } catch (error) {
    failed++;
    console.log(`not ok ${count} - ${name}`);
    const text = error instanceof Error ? error.stack : String(error);
    for (const line of text.split('\n').slice(0, 30)) console.log(`# ${line}`);
  }
}

/** Prints what is good to know. */
function note(text) {
  console.log(`# ${text}`);
}

/** Ends the program. */
function done() {
  console.log(`1..${count}`);
  process.exitCode = failed ? 1 : 0;
}

/** Asks the host for something (guest.js, onCommand); waits for its answer. */
function host(command) {
  fs.writeSync(1, `#HOST ${command}\n`);
  const byte = Buffer.alloc(1);
  let line = '';
  while (fs.readSync(0, byte) === 1 && byte[0] !== 10) line += byte.toString('latin1');
  return line;
}

module.exports = { step, note, done, host };
