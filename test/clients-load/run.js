// Load on real npm clients with the preload, and a shorter control without it.
//
//   npm ci --prefix test/clients --no-audit --no-fund
//   SECONDS=60 node test/clients-load/run.js [name ...]
//
// Prints a table; ends with 1 if the preload shows an error that the control does not.

const { fork } = require('node:child_process');
const path = require('node:path');
const { preloadArgv } = require('../clients/support/client');
const { STEP_LIMIT_MS } = require('../support/limits');
const drivers = require('./drivers');
const loops = require('./loops');
const { Tally, sleep } = require('./support');

const NAMES = [...Object.keys(drivers), ...Object.keys(loops)];
const CONTROL_SHARE = 4;

function secondsWanted() {
  const seconds = Number(process.env.SECONDS ?? 60);
  if (Number.isInteger(seconds) && seconds > 0) return seconds;
  throw new Error(`SECONDS is not a positive integer: ${process.env.SECONDS}`);
}

/** The next message of the worker; throws if it ends before, or does not answer in time. */
function hear(worker) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      worker.kill('SIGKILL');
      reject(new Error('the worker hangs'));
    }, STEP_LIMIT_MS);
    worker.once('message', (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    worker.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the worker ended with ${code ?? signal}`));
    });
  });
}

/** Runs one client: {requests, errors, rss, halfRss, work}. */
async function load(name, preload, seconds) {
  const worker = fork(path.join(__dirname, 'worker.js'), [name, String(seconds)], {
    execArgv: preloadArgv(preload),
  });
  const tally = new Tally();
  let end = {};
  try {
    const { port } = await hear(worker);
    const died = new Promise((_, reject) => {
      worker.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}`)));
    });
    died.catch(() => {});
    const driven = drivers[name]?.(port, seconds) ?? sleep(seconds * 1000, new Tally());
    tally.add(await Promise.race([driven, died]));
    const ended = hear(worker);
    worker.send('stop');
    end = await ended;
    tally.add(end);
    if (preload !== 'off' && !(end.work > 0)) tally.wrong('the package did no work');
    if (tally.requests === 0) tally.wrong('not one request');
  } catch (error) {
    tally.wrong(error);
  } finally {
    worker.kill('SIGKILL');
  }
  return { ...end, ...tally };
}

const mebibytes = (bytes) => (bytes === undefined ? '-' : `${Math.round(bytes / 2 ** 20)}`);
const countOf = (errors) => Object.values(errors).reduce((sum, each) => sum + each, 0);

function row(name, preload, seconds, result) {
  const { requests, errors, halfRss, rss, work } = result;
  const perSecond = Math.round(requests / seconds);
  const cells = [name, preload, seconds, requests, perSecond, countOf(errors), work ?? '-'];
  const all = [...cells, mebibytes(halfRss), mebibytes(rss)];
  const widths = [-9, -8, 5, 9, 7, 7, 9, 9, 8];
  return all
    .map((cell, i) => {
      const width = widths[i];
      return width < 0 ? String(cell).padEnd(-width) : String(cell).padStart(width);
    })
    .join(' ');
}

const HEAD = 'client    preload      s  requests     /s  errors      work half MiB  end MiB';

async function main() {
  const seconds = secondsWanted();
  const names = process.argv.length > 2 ? process.argv.slice(2) : NAMES;
  for (const name of names) if (!NAMES.includes(name)) throw new Error(`no client ${name}`);
  let bad = false;
  console.log(HEAD);
  for (const name of names) {
    const shorter = Math.max(2, Math.ceil(seconds / CONTROL_SHARE));
    const control = await load(name, 'off', shorter);
    console.log(row(name, 'off', shorter, control));
    for (const [kind, count] of Object.entries(control.errors)) {
      console.log(`  without the preload: ${count} x ${kind}`);
    }
    const ours = await load(name, 'require', seconds);
    console.log(row(name, 'require', seconds, ours));
    for (const [kind, count] of Object.entries(ours.errors)) {
      const known = kind in control.errors;
      console.log(`  ${known ? 'as without' : 'ONLY WITH'} the preload: ${count} x ${kind}`);
      if (!known) bad = true;
    }
  }
  process.exit(bad ? 1 : 0);
}

main();
