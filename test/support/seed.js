// One seed for everything random in a test file: printed, and replayed with WARPDRIVE_SEED.

const { randomInt } = require('node:crypto');

const given = process.env.WARPDRIVE_SEED;
const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
if (!Number.isInteger(seed)) throw new Error(`WARPDRIVE_SEED is not an integer: ${given}`);

/** Prints the seed as a diagnostic of test `t` and returns it. */
function announceSeed(t) {
  t.diagnostic(`WARPDRIVE_SEED=${seed}`);
  return seed;
}

/**
 * A small generator (mulberry32): `next()` gives integers in [0, 2^32), `below(n)` in [0, n),
 * `pick(list)` one of a list.
 */
function randomFrom(start) {
  let state = start >>> 0;
  function next() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  const below = (limit) => next() % limit;
  return { next, below, pick: (list) => list[below(list.length)] };
}

module.exports = { seed, announceSeed, randomFrom };
