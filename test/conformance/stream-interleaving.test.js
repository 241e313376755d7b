// Random sequences of what can be done to a compressor: the output decodes to what was written,
// callbacks come once each and in order, and events are node's.

const assert = require('node:assert/strict');
const fc = require('fast-check');
const { mixed } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertEqualTo } = require('../support/same');
const { announceSeed } = require('../support/seed');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const RUNS = 60;
const plain = mixed(400_000);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('write'), size: fc.integer({ min: 0, max: 3000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('write'), size: fc.integer({ min: 0, max: 80_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('flush'), kind: fc.constantFrom(0, 1, 2, 3, 5) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('params'),
      level: fc.integer({ min: 0, max: 9 }),
      strategy: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('turns'), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause') }) },
);

const finale = fc.constantFrom('end', 'end with data', 'destroy', 'close', 'destroy with error');

/** Plays the steps; gives what was written and the record. */
async function play(side, Class, steps, last) {
  const life = new Recorder(new side[Class]());
  const { stream } = life;
  const written = [];
  let current = '-1 0';
  let offset = 0;
  let number = 0;
  const take = (size) => {
    const piece = plain.subarray(offset, offset + size);
    offset += piece.length;
    written.push(piece);
    return piece;
  };
  const acts = {
    write: ({ size }) => stream.write(take(size), life.callback(`write-${number++}`)),
    flush: ({ kind }) => stream.flush(kind, life.callback(`flush-${number++}`)),
    // Node needs params() to be waited for: stream-params.test.js.
    params: ({ level, strategy }) => {
      const wanted = `${level} ${strategy}`;
      const called = life.callback(`${wanted === current ? 'same' : 'params'}-${number++}`);
      current = wanted;
      return new Promise((resolve) => {
        stream.params(level, strategy, () => {
          called();
          resolve();
        });
      });
    },
    turns: ({ count }) => turns(count),
    pause: () => {
      stream.pause();
      setImmediate(() => stream.resume());
    },
  };
  for (const each of steps) {
    const waiting = acts[each.do](each);
    if (each.do === 'params' || each.do === 'turns') await waiting;
  }
  if (last === 'end') stream.end(life.callback(`end-${number++}`));
  else if (last === 'end with data') stream.end(take(500), life.callback(`end-${number++}`));
  else if (last === 'close') stream.close(life.callback(`close-${number++}`));
  else stream.destroy(last === 'destroy' ? undefined : new Error('on purpose'));
  await life.closed();
  await life.calledBack();
  return { life, written: Buffer.concat(written) };
}

/**
 * params() that change nothing call back in the next tick, when node:zlib has the write before them
 * in work. Here that was taken by then (README, "A compressor's write() callback").
 */
const changing = (entries) => entries.filter((entry) => !entry.startsWith('same-'));

async function compare({ Compressor, decompress }, steps, last) {
  const expected = await play(node, Compressor, steps, last);
  const actual = await play(zlib, Compressor, steps, last);
  assert.equal(actual.life.pending, 0, 'callbacks that were not called');
  assertEqualTo(actual.life.called(), expected.life.called(), 'callbacks');
  if (last.startsWith('end')) {
    const life = (side) => changing(side.life.life());
    assertEqualTo(life(actual), life(expected), 'events and callbacks in order');
    assert.ok(node[`${decompress}Sync`](actual.life.output).equals(actual.written));
    assert.equal(actual.life.stream.bytesWritten, expected.life.stream.bytesWritten);
  } else {
    const events = ({ life }) => life.events(['end', 'error', 'close']);
    assertEqualTo(events(actual), events(expected), 'events');
    const { output } = actual.life;
    const decoded = node[`${decompress}Sync`](output, { finishFlush: 2 });
    assert.ok(output.length === 0 || actual.written.subarray(0, decoded.length).equals(decoded));
  }
}

for (const format of FORMATS) {
  test(`${format.name}: random sequences`, (t) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), finale, (steps, last) =>
        compare(format, steps, last),
      ),
      { seed: announceSeed(t), numRuns: RUNS },
    ));
}
