// What the load runner and its workers share.

const { createHash } = require('node:crypto');
const { createRequire } = require('node:module');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { pathToFileURL } = require('node:url');
const { mixed, text } = require('../support/data');

const CLIENTS = path.resolve(__dirname, '../clients');

/** `require` of what is installed in test/clients. */
const use = createRequire(path.join(CLIENTS, 'package.json'));

/** got has no CommonJS form, and its exports do not name its file. */
async function useGot() {
  const file = path.join(CLIENTS, 'node_modules/got/dist/source/index.js');
  return (await import(pathToFileURL(file).href)).default;
}

/** The bodies of all servers and archives, by name. */
const BODIES = {
  small: text(900, 1),
  page: text(14_000, 2),
  json: Buffer.from(JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id, on: id % 3 })))),
  large: mixed(400_000, 3),
  blocks: mixed(2_300_000, 4),
};

const NAMES = Object.keys(BODIES);

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Counts what went well, and what did not by kind: two runs are compared by the kinds. */
class Tally {
  requests = 0;
  errors = {};

  right() {
    this.requests++;
  }

  wrong(kind) {
    const name = kind instanceof Error ? `${kind.code ?? kind.name}: ${kind.message}` : kind;
    this.errors[name] = (this.errors[name] ?? 0) + 1;
  }

  add({ requests, errors }) {
    this.requests += requests;
    for (const [kind, count] of Object.entries(errors)) {
      this.errors[kind] = (this.errors[kind] ?? 0) + count;
    }
  }
}

/** Runs `task(i)` again and again on `lanes` lanes at once until `isOver()`. */
async function onLanes(lanes, isOver, tally, task) {
  let next = 0;
  const lane = async () => {
    while (!isOver()) {
      try {
        await task(next++);
        tally.right();
      } catch (error) {
        tally.wrong(error);
        // What fails at once must not spin.
        await sleep(5);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

module.exports = { BODIES, CLIENTS, NAMES, Tally, hash, onLanes, sleep, use, useGot };
