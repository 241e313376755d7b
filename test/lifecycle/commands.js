// What can be done to a stream, as data that fast-check makes and shrinks.

const fc = require('fast-check');
const { CLASSES } = require('../support/formats');

const record = (what, fields = {}) => fc.record({ do: fc.constant(what), ...fields });
const number = (min, max) => fc.integer({ min, max });
const optional = fc.boolean();

const size = fc.oneof(
  { weight: 4, arbitrary: number(0, 60) },
  { weight: 6, arbitrary: number(100, 4000) },
  { weight: 3, arbitrary: number(10_000, 120_000) },
);
/** So much that it is in flight on another thread for many turns of the event loop. */
const largeSize = number(500_000, 3_000_000);

/** Chunks of node:zlib, as many as the input has of its size. */
const MOST_CHUNKS = 2000;

const FORMS = ['buffer', 'buffer', 'buffer', 'Uint8Array', 'DataView', 'latin1', 'hex', 'base64'];
const WRONG = ['null', 'undefined', 'number', 'object', 'symbol', 'array', 'boolean'];
const BAD_ENCODINGS = ['utf9', 5, ''];
const EVENTS = ['data', 'finish', 'end', 'error', 'close', 'drain', 'prefinish', 'unpipe'];

const plainWrite = (sizes) =>
  record('write', { size: sizes, form: fc.constantFrom(...FORMS), callback: optional });

// What is done inside a callback or a listener.
const inner = fc.oneof(
  { weight: 3, arbitrary: record('destroy', { error: optional }) },
  { weight: 2, arbitrary: record('close', { callback: optional }) },
  { weight: 2, arbitrary: record('end', { size: number(0, 500), callback: optional }) },
  {
    weight: 2,
    arbitrary: record('write', { size, form: fc.constant('buffer'), callback: optional }),
  },
  { weight: 2, arbitrary: record('flush', { kind: number(0, 3), callback: optional }) },
  { weight: 1, arbitrary: record('pause') },
  { weight: 1, arbitrary: record('resume') },
  { weight: 1, arbitrary: record('abort') },
  { weight: 1, arbitrary: record('cork') },
  { weight: 1, arbitrary: record('reset') },
  {
    weight: 2,
    arbitrary: record('params', {
      level: fc.constantFrom(1, 6, 9),
      strategy: fc.constantFrom(0, 0, 2),
      callback: optional,
    }),
  },
);

const FLUSH_KINDS = [undefined, 0, 1, 2, 3, 4, 5, 2, 3, -1, 6, '2', null, 1.5];
const LEVELS = [-1, 0, 1, 6, 9, 9, 1, 10, '5', null, undefined, Number.NaN];
const STRATEGIES = [0, 0, 0, 1, 2, 3, 4, 5, -1, undefined];

function commands(sizes) {
  return fc.oneof(
    { weight: 30, arbitrary: plainWrite(sizes) },
    {
      weight: 3,
      arbitrary: record('write', { size: sizes, form: fc.constant('buffer'), inside: inner }),
    },
    { weight: 1, arbitrary: record('garbage', { size: number(1, 3000), callback: optional }) },
    {
      weight: 1,
      arbitrary: record('wrong', { value: fc.constantFrom(...WRONG), callback: optional }),
    },
    {
      weight: 1,
      arbitrary: record('encoding', {
        value: fc.constantFrom(...BAD_ENCODINGS),
        callback: optional,
      }),
    },
    {
      weight: 10,
      arbitrary: record('flush', { kind: fc.constantFrom(...FLUSH_KINDS), callback: optional }),
    },
    { weight: 2, arbitrary: record('flush', { kind: fc.constant('none'), callback: optional }) },
    { weight: 2, arbitrary: record('flush', { kind: number(0, 5), inside: inner }) },
    {
      weight: 5,
      arbitrary: record('params', {
        level: fc.constantFrom(...LEVELS),
        strategy: fc.constantFrom(...STRATEGIES),
        callback: fc.constantFrom(true, true, true, false),
      }),
    },
    { weight: 2, arbitrary: record('reset') },
    { weight: 2, arbitrary: record('close', { callback: fc.constantFrom(true, false, 'wrong') }) },
    { weight: 2, arbitrary: record('destroy', { error: optional }) },
    {
      weight: 3,
      arbitrary: record('end', { size: fc.constantFrom(null, 0, 5, 3000), callback: optional }),
    },
    { weight: 1, arbitrary: record('abort') },
    { weight: 3, arbitrary: record('pause') },
    { weight: 3, arbitrary: record('resume') },
    {
      weight: 3,
      arbitrary: record('read', { size: fc.constantFrom(undefined, 0, 1, 100, 100_000) }),
    },
    { weight: 2, arbitrary: record('cork') },
    { weight: 3, arbitrary: record('uncork') },
    {
      weight: 1,
      arbitrary: record('setDefaultEncoding', {
        value: fc.constantFrom('latin1', 'hex', 'UTF8', 'none'),
      }),
    },
    { weight: 2, arbitrary: record('pipe', { end: optional, slow: number(0, 2) }) },
    { weight: 1, arbitrary: record('unpipe') },
    { weight: 1, arbitrary: record('iterate', { chunks: number(0, 3) }) },
    { weight: 3, arbitrary: record('when', { event: fc.constantFrom(...EVENTS), act: inner }) },
    { weight: 1, arbitrary: record('peek') },
  );
}

const body = fc.record({
  size: fc.constantFrom(0, 1, 500, 20_000, 20_000, 200_000),
  damage: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(0, 0.01, 0.5, 0.99, 1) },
  ),
  tail: fc.constantFrom(0, 0, 0, 1, 100),
});

const options = fc.record(
  {
    chunkSize: fc.constantFrom(64, 1000, 100_000),
    highWaterMark: fc.constantFrom(1, 100, 100_000),
    emitClose: fc.constant(false),
    finishFlush: fc.constant(2),
    level: fc.constantFrom(0, 1, 9),
    info: fc.constant(true),
  },
  { requiredKeys: [] },
);

const reading = fc.constantFrom('flow', 'flow', 'flow', 'readable', 'none');

/**
 * Does it do something as soon as data was taken? That can be earlier than in node:zlib, so that
 * gaps decide what comes first.
 */
const actsEarly = ({ steps }) =>
  steps.some(
    ({ command }) =>
      (command.do === 'write' && command.inside) ||
      /^(drain|finish|prefinish)$/.test(command.event),
  );

/** Is there a command whose name matches, also inside of others? */
const uses = ({ steps }, pattern) =>
  steps.some(({ command }) =>
    [command, command.inside, command.act].some((each) => each && pattern.test(each.do)),
  );
/** May output wait for its reader? */
const holdsUp = (script) =>
  script.reading !== 'flow' || uses(script, /^(pause|pipe|unpipe|iterate|read)$/);

const MEETS_WRITES = /^(reset|params)$/;

/**
 * Is nothing in flight when the callback or listener of `step` runs? node:zlib begins the next write
 * before it calls back.
 */
function isAlone({ command, gap }, before) {
  if (command.do === 'when') return /^(error|close)$/.test(command.event);
  return gap === 'quiet' && (before === undefined || before.gap === 'quiet');
}

/** The step without what is undefined, or a matter of luck, in node:zlib for such a script. */
function tamed(step, before, { noWaiting, noInnerWrites, noGaps, noLastWrite, corks }) {
  const { command, gap } = step;
  const act = command.inside ?? command.act;
  const fix = { ...step };
  if (noGaps && gap !== 'quiet') fix.gap = 'none';
  if (noWaiting && MEETS_WRITES.test(command.do)) fix.command = { do: 'peek' };
  if (act && MEETS_WRITES.test(act.do) && (noWaiting || corks || !isAlone(step, before))) {
    fix.command = { do: 'peek' };
  }
  if (noLastWrite && command.do === 'end') fix.command = { ...command, size: null };
  if (noLastWrite && act?.do === 'end') fix.command = { do: 'peek' };
  if (noInnerWrites && act && /^(write|flush|end)$/.test(act.do)) fix.command = { do: 'peek' };
  return fix;
}

/**
 * The options with a larger chunkSize if need be: node:zlib makes a trip to another thread for each
 * chunk, and on a busy machine hundreds of thousands of them take minutes.
 */
function withFewChunks({ options: given, steps }) {
  const sizes = steps.flatMap(({ command }) => [command, command.inside ?? command.act ?? {}]);
  const written = sizes.reduce((sum, { do: what, size: each }) => {
    return sum + (what === 'read' ? 0 : (each ?? 0));
  }, 0);
  const chunkSize = Math.max(given.chunkSize, Math.ceil(written / MOST_CHUNKS));
  return given.chunkSize === undefined ? given : { ...given, chunkSize };
}

/** The script without what is undefined, or a matter of luck, in node:zlib. */
function tame(script) {
  const limits = {
    // A write that waits for its reader goes on after a reset() in the middle of its chunk; params()
    // that wait behind it meet the next write in another thread.
    noWaiting: holdsUp(script),
    // They meet what params() does when its flush is over, in another thread.
    noInnerWrites: uses(script, /^params$/),
    // README: "The finish flush is never merged with the last write", and after a flush of that kind
    // the two are refused with different errors.
    noLastWrite: script.finishes,
    corks: uses(script, /^cork$/),
    noGaps: actsEarly(script) || script.steps.some(({ command }) => command.inside),
  };
  const { steps } = script;
  return { ...script, steps: steps.map((step, i) => tamed(step, steps[i - 1], limits)) };
}

/** A whole life: {Class, options, body, reading, steps: [{command, gap}], last, finishes}. */
function wildScript({ gaps, sizes = size, maxLength = 14 }) {
  const step = fc.record({ command: commands(sizes), gap: fc.constantFrom(...gaps) });
  return fc
    .record({
      Class: fc.constantFrom(...CLASSES),
      options: fc.oneof(
        { weight: 3, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: options },
      ),
      body,
      reading,
      steps: fc.array(step, { maxLength }),
      last: fc.constantFrom('end', 'end', 'end', 'destroy', 'close', 'abort'),
    })
    .map((script) => ({
      ...script,
      finishes: script.steps.some(({ command }) => command.do === 'flush' && command.kind === 4),
      options: withFewChunks(script),
    }));
}

/** The same for a comparison with node:zlib. */
const script = (how) => wildScript(how).map(tame);

module.exports = { actsEarly, holdsUp, largeSize, script, size, tame, uses, wildScript };
