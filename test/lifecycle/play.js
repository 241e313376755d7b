// The course of a script: commands with gaps between them, and looks at the stream where it is quiet.

const { turns } = require('../support/drive');
const { Player } = require('./player');

const GAPS = {
  none: null,
  microtask: () => Promise.resolve(),
  tick: () => new Promise((resolve) => process.nextTick(resolve)),
  turn: () => turns(1),
  turns: () => turns(6),
};

const WRITES = ['write', 'flush', 'garbage', 'wrong', 'encoding', 'end'];

const LAST = {
  end: { do: 'end', size: null, callback: true },
  destroy: { do: 'destroy', error: false },
  close: { do: 'close', callback: true },
  abort: { do: 'abort' },
};

/**
 * node:zlib is undefined where a reset, or what params() does when its flush is over, meets a write
 * that is under way on another thread: such commands are made to wait there.
 */
function mustWait(command, after) {
  if (command.do === 'reset') return true;
  return after === 'params' && WRITES.includes(command.do);
}

/** What users' callbacks and listeners throw, or the streams do later on, is part of the record. */
async function withUncaught(life, run) {
  process.setUncaughtExceptionCaptureCallback((error) => {
    life.note(`uncaught(${error.name} ${error.code ?? error.message})`);
  });
  try {
    return await run();
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}

async function settle(player) {
  const { stream } = player;
  // A callback may cork it again.
  do {
    while (stream.writableCorked > 0) stream.uncork();
    await player.quiet();
  } while (stream.writableCorked > 0);
}

async function doSteps(player, steps, careful) {
  const looks = [];
  let unsettled = null;
  for (const [place, { command, gap }] of steps.entries()) {
    if (careful && mustWait(command, unsettled)) {
      await settle(player);
      unsettled = null;
    }
    player.run(command, place);
    if (command.do === 'params') unsettled = 'params';
    if (gap === 'quiet') {
      await player.quiet();
      if (player.stream.writableCorked === 0) unsettled = null;
      looks.push(player.look());
    } else if (gap !== 'none') {
      await GAPS[gap]();
    }
  }
  return looks;
}

/** Ends the stream in the way of `last`, reads what is left, and destroys it if need be. */
async function finish(player, last) {
  const { stream } = player;
  const looks = [];
  const lookAfter = async (act) => {
    act();
    await player.quiet();
    looks.push(player.look());
  };
  await settle(player);
  looks.push(player.look());
  await lookAfter(() => {
    player.run(LAST[last], 'last');
  });
  await lookAfter(() => {
    stream.unpipe();
    stream.resume();
  });
  await lookAfter(() => stream.destroy());
  return looks;
}

/** Plays `script` on a side. `careful`: wait where node:zlib's behaviour would be undefined. */
async function play(side, script, { careful = true } = {}) {
  const player = new Player(side, script);
  return withUncaught(player.life, async () => {
    const looks = await doSteps(player, script.steps, careful);
    looks.push(...(await finish(player, script.last)));
    const { life, results, pushed, written, cuts } = player;
    return {
      looks,
      log: life.log,
      results,
      errors: life.errors,
      pending: life.pending,
      cuts,
      output: Buffer.concat(pushed),
      delivered: life.output,
      written: Buffer.concat(written),
    };
  });
}

module.exports = { play };
