// Compares what two sides reported of the same script. What README.md permits under "Differences
// from node:zlib" is let through here, and nothing else; each place says which it is.

const { Readable } = require('node:stream');
const { isDeepStrictEqual } = require('node:util');
const { sha256 } = require('../support/data');
const { FORMATS } = require('../support/formats');
const { outcome } = require('../support/same');
const { node } = require('../support/subject');
const { actsEarly, holdsUp, uses } = require('./commands');
const {
  collapse,
  isCore,
  isData,
  isEarly,
  isFlush,
  isGood,
  isRead,
  isWritable,
  labelOf,
  placeOf,
  violations,
  withOneRefusal,
} = require('./entries');
const { isDecompressor } = require('./material');

// Newer Nodes have an assertion of their own.
const ASSERTED = /^uncaught\((AssertionError ERR_ASSERTION|Error ERR_INTERNAL_ASSERTION)\)$/;

/** Digest of what the parts between resets of a compressor's output decode to. */
function decoded({ Class }, { output, cuts }) {
  const { decompress } = FORMATS.find(({ Compressor }) => Compressor === Class);
  const last = output.subarray(cuts.at(-1)?.output ?? 0);
  return outcome(() => sha256(node[`${decompress}Sync`](last, { finishFlush: 2 })));
}

/** Do ticks pass between commands? In them writes are taken that wait in node:zlib. */
const hasGaps = ({ steps }) => steps.some(({ gap }) => gap !== 'none' && gap !== 'quiet');

/** Is something done in a callback? For a stream that waits for its reader it comes at any time. */
const actsInside = (script) =>
  actsEarly(script) || script.steps.some(({ command }) => command.inside);

const listensToData = ({ steps }) => steps.some(({ command }) => command.event === 'data');

/**
 * Is something done at a moment that may be another than in node:zlib, and is not the end of it?
 * README: "An error in the data of a decompressor can come after them", the callbacks of writes, so
 * what is done in these meets a stream in another state. And a compressor's first 'data' after the
 * header "comes in blocks of up to 1 MiB of input".
 */
function dependsOnTiming(script) {
  if (actsInside(script) && holdsUp(script)) return true;
  if (actsEarly(script) && isDecompressor(script.Class)) return true;
  // It is left after some chunks, and what is a chunk differs.
  if (uses(script, /^iterate$/)) return true;
  const listens = listensToData(script);
  // What is empty is processed at once, where node:zlib sends it to a thread.
  const empties = script.steps.some(({ command }) => command.size === 0 || command.kind === 0);
  if (isDecompressor(script.Class)) return hasGaps(script) && (listens || empties);
  return listens;
}

/**
 * node:zlib ends the readable side of a stream that is destroyed in its final flush, as if it were
 * whole, and close() tells its callback of no error; here it says that it came too early.
 */
const asPremature = (actual) => (entry, i) => {
  const premature = entry.replace(/^(close-.*)\(\)$/, '$1(Error ERR_STREAM_PREMATURE_CLOSE)');
  return actual[i] === premature ? premature : entry;
};

/** Does read() give one chunk at a time, as from Node 26 on, and not all that there is? */
function readGivesOne() {
  const readable = new Readable({ read() {} });
  readable.push('a');
  readable.push('b');
  return readable.read().length === 1;
}

const READ_GIVES_ONE = readGivesOne();

class Comparison {
  constructor(script, subject, reference) {
    this.script = script;
    this.compresses = !isDecompressor(script.Class);
    // README: "number and size of 'data' chunks differ", so that one read() may be the last, or not.
    this.readsChunks = READ_GIVES_ONE && this.compresses && uses(script, /^read$/);
    const oneRefusal = this.compresses && script.finishes;
    this.subject = oneRefusal ? withOneRefusal(subject) : subject;
    this.reference = oneRefusal ? withOneRefusal(reference) : reference;
    this.differences = [];
    /** At some look a side had more output than its reader took. */
    this.starved = false;
    /** From here on the two lives are different ones, for a reason that is let through. */
    this.astray = false;
  }

  same(what, actual, expected) {
    if (isDeepStrictEqual(actual, expected)) return;
    this.differences.push({ what, subject: actual, node: expected });
  }

  ok(what, condition, subject) {
    if (!condition) this.differences.push({ what, subject });
  }

  never() {
    const known = new Set(violations(this.reference.log));
    // What was buffered before can be read after destroy(), in node:stream: a matter of what was
    // pushed, and read, by then.
    if (holdsUp(this.script) || dependsOnTiming(this.script)) known.add('data-after-destroy');
    const own = violations(this.subject.log).filter((violation) => !known.has(violation));
    this.same('never', own, []);
  }

  /** 'end' can be anywhere if it waits for a reader; the state says whether it came. */
  inOrder(entry) {
    return isCore(entry) && !(entry === 'end' && holdsUp(this.script));
  }

  /** The record up to a look at which nobody has ended the stream by force. */
  undisturbed(log, expected, where) {
    // README: "'finish' mean[s] that the data was taken": a second end() a tick later comes after it.
    const again = log.filter((entry) => /^end-.*ERR_STREAM_ALREADY_FINISHED/.test(entry));
    const late = new Set(this.compresses && hasGaps(this.script) ? again.map(labelOf) : []);
    const writes = (entries) => entries.filter((e) => isWritable(e) && !late.has(labelOf(e)));
    this.same(`${where}: writable side`, writes(log), writes(expected));
    const core = (entries) => entries.filter((entry) => this.inOrder(entry));
    this.same(`${where}: events`, core(log), core(expected));
    // Unless 'end' waits for a reader.
    if (!this.compresses && !holdsUp(this.script)) {
      const both = (entries) => entries.filter((entry) => isWritable(entry) || isCore(entry));
      this.same(`${where}: both sides`, both(log), both(expected));
    }
    // README: "Without a flush, compressed data comes in blocks of up to 1 MiB of input"; "number
    // and size of 'data' chunks differ": read(size) gives nothing as long as there is less.
    const anyData = this.compresses || (this.starved && uses(this.script, /^read$/));
    const counts = anyData ? (entry) => isRead(entry) && !isData(entry) : isRead;
    const reads = (entries) => collapse(entries.filter(counts));
    this.same(`${where}: readable side`, reads(log), reads(expected));
  }

  /**
   * The record of a stream that was destroyed or failed, or is held up by its reader. `early` says
   * which entries may have come before that on one side.
   */
  disturbed(log, expected, where, early) {
    // params() asserts that the stream is open in the callback of its flush if that is dropped: not
    // if it fails, and at once if nothing is in flight before it.
    const exact = this.compresses && !hasGaps(this.script) && !this.script.finishes;
    const asserts = !exact && uses(this.script, /^params$/);
    const free = (entry) => early(entry) || (asserts && ASSERTED.test(entry));
    const core = (entries) => entries.filter((entry) => this.inOrder(entry) && !free(entry));
    this.same(`${where}: events`, core(log), core(expected).map(asPremature(core(log))));
    const outcomes = new Map(log.filter(early).map((entry) => [labelOf(entry), entry]));
    for (const entry of expected.filter(early)) {
      const actual = outcomes.get(labelOf(entry));
      outcomes.delete(labelOf(entry));
      this.ok(`${where}: ${entry}`, this.isAsGood(actual, entry), actual);
    }
    const known = new Set(expected.map(placeOf));
    // What was done in a callback that node:zlib did not call.
    const isInner = (place) => place.endsWith('.inside') && !known.has(place.slice(0, -7));
    const fine = (entry) =>
      this.isTold(entry) ||
      this.isAbandoned(entry) ||
      this.isMerged(entry) ||
      isInner(placeOf(entry));
    for (const entry of outcomes.values()) this.ok(`${where}: extra`, fine(entry), entry);
  }

  /**
   * Those that node:zlib forgets to call when a stream fails may be called: the data was taken, or
   * it was not and the error says why.
   */
  isTold(entry) {
    const { errored } = this.subject.looks.at(-1).state;
    if (isGood(entry) || entry.endsWith(` ${errored?.code})`)) return true;
    return / ERR_STREAM_(DESTROYED|ALREADY_FINISHED)\)$/.test(entry);
  }

  /**
   * A flush of a stream that was destroyed meanwhile. node:zlib works on and calls back if that
   * succeeds; work that was given up cannot fail.
   */
  isAbandoned(entry) {
    const label = labelOf(entry);
    return isFlush(entry) && isGood(entry) && this.afterClose(this.subject.log).includes(label);
  }

  /**
   * README: "The finish flush is never merged with the last write". node:zlib merges it with a
   * flush too, of which nobody hears if the stream is not complete.
   */
  isMerged(entry) {
    const { steps } = this.script;
    const { errored } = this.reference.looks.at(-1).state;
    if (!isFlush(entry) || errored?.code !== 'Z_BUF_ERROR') return false;
    for (let i = Number.parseInt(placeOf(entry), 10); i < steps.length; i++) {
      if (steps[i].command.do === 'end') return true;
      if (steps[i].gap === 'quiet') return false;
    }
    return this.script.last === 'end';
  }

  /** Labels of the flushes that were called back after 'close', or where there is none of all. */
  afterClose(log) {
    const from = this.script.options.emitClose === false ? -1 : log.indexOf('close');
    if (from < 0 && this.script.options.emitClose !== false) return [];
    return log
      .slice(from + 1)
      .filter(isFlush)
      .map(labelOf);
  }

  /** Taken before the end came: then the callback says so, where node's was refused or dropped. */
  isAsGood(actual, expected) {
    // node:stream keeps it until the reader makes room.
    if (this.starved && (actual === undefined || this.isTold(actual))) return true;
    if (this.isMerged(expected) && actual === undefined) return true;
    // It is called for an end() after destroy() only if a write was in progress then.
    if (actual === undefined) return /^end-.*ERR_STREAM_DESTROYED/.test(expected);
    if (actual === expected || isGood(actual)) return true;
    // end() twice: the first may be finished already.
    return /^end-/.test(expected) && /ERR_STREAM_ALREADY_FINISHED/.test(actual);
  }

  /** Whatever node:zlib calls is called. */
  calledAtAll() {
    const called = new Set(this.subject.log.map(labelOf));
    const starved = this.starved || holdsUp(this.script);
    // README: "number and size of 'data' chunks differ", so that it can be destroyed sooner.
    const sooner =
      this.compresses &&
      this.script.steps.some(
        ({ command: { event, act } }) => event === 'data' && /^(destroy|close|abort)$/.test(act.do),
      );
    const optional = (entry) =>
      starved ||
      sooner ||
      (dependsOnTiming(this.script) && (!isGood(entry) || /^iterated-|^[^(]*\.data/.test(entry))) ||
      /^end-.*ERR_STREAM_DESTROYED/.test(entry);
    const expected = this.reference.log.filter((entry) => !optional(entry));
    const callbacks = expected.map(labelOf).filter((label) => /-\d/.test(label));
    this.same(
      'not called',
      callbacks.filter((label) => !called.has(label)),
      [],
    );
  }

  state(actual, expected, disturbed, where) {
    for (const name of Object.keys(expected)) {
      if (disturbed && /^(writable|bytesWritten$)/.test(name)) continue;
      // A finish flush that node:zlib merges with that of params() can fail in its place.
      if (actual.errored?.code === 'Z_BUF_ERROR' && /^(_level|_strategy)$/.test(name)) continue;
      if (this.starved && /^(_level|_strategy|readableFlowing)$/.test(name)) continue;
      // A destination that is full pauses it: that depends on the sizes of chunks.
      if (name === 'readableFlowing' && uses(this.script, /^pipe$/)) continue;
      this.same(`${where}: ${name}`, actual[name], expected[name]);
    }
  }

  look(actual, expected, where) {
    const log = this.subject.log.slice(0, actual.entries);
    const nodeLog = this.reference.log.slice(0, expected.entries);
    const over = ({ state }) => state.destroyed || state.errored !== null;
    const destroyed = over(actual) || over(expected);
    // Output waits for its reader, or, after a gap, input for uncork(): how much of it is taken
    // by then differs.
    const held = ({ full, state }) => full || state.writableCorked > 0;
    if (held(actual) || held(expected)) this.starved = true;
    const corked = ({ state }) => state.writableCorked > 0;
    if (hasGaps(this.script) && (corked(actual) || corked(expected))) return;
    // And so one side can find the data to be wrong before the other, or before it is destroyed.
    const wrong = (look) => /^Z_/.test(look.state.errored?.code);
    if (this.starved && wrong(actual) !== wrong(expected)) {
      this.astray = over(actual) && over(expected);
      return;
    }
    const ended = ({ state }) => this.readsChunks && state.readableEnded;
    if (ended(actual) !== ended(expected)) {
      this.astray = true;
      return;
    }
    if (this.starved && over(actual) !== over(expected)) {
      // One read() took all that there was, or not: one has ended, and the other may be written to.
      this.astray = uses(this.script, /^read$/);
      return;
    }
    if (destroyed || held(actual) || held(expected)) {
      const [late, nodeLate] = [this.afterClose(log), this.afterClose(nodeLog)];
      const given = new Set([...late, ...nodeLate]);
      // Without gaps nothing can have been processed before it was destroyed.
      const hurried = hasGaps(this.script) || this.starved;
      const sooner = hurried ? [] : nodeLate.filter((label) => !late.includes(label));
      this.same(`${where}: called back before close`, sooner, []);
      const early = (entry) =>
        isEarly(entry) ||
        (isFlush(entry) && (this.starved || given.has(labelOf(entry)) || this.isMerged(entry)));
      this.disturbed(log, nodeLog, where, early);
      this.state(actual.state, expected.state, true, where);
    } else {
      this.undisturbed(log, nodeLog, where);
      this.state(actual.state, expected.state, false, where);
    }
  }

  looks() {
    for (const [i, expected] of this.reference.looks.entries()) {
      this.look(this.subject.looks[i], expected, `look ${i}`);
      if (this.differences.length > 0 || this.astray) return;
    }
  }

  /** Did something other than its own input bring the stream to its end? */
  cutShort({ looks, log }) {
    const { errored } = looks.at(-2).state;
    if (errored) return !/^Z_/.test(errored.code);
    return !log.includes('end');
  }

  outputs() {
    const { subject, reference } = this;
    const cut = this.cutShort(subject) || this.cutShort(reference);
    const whole = !cut && !dependsOnTiming(this.script);
    if (this.compresses) {
      if (whole)
        this.same('decoded', decoded(this.script, subject), decoded(this.script, reference));
      return;
    }
    // What a reader that is paused has not taken when the stream fails is lost.
    const parts = uses(this.script, /^(pause|pipe|unpipe|iterate|read)$/)
      ? ['output']
      : ['output', 'delivered'];
    for (const part of parts) {
      const [a, b] = [subject[part], reference[part]];
      const length = Math.min(a.length, b.length);
      this.ok(`${part}: bytes`, a.subarray(0, length).equals(b.subarray(0, length)));
      // README: "The finish flush is never merged with the last write": where that fails, for want
      // of the stream's end, node:zlib does not give the output of the last write.
      const more =
        subject.looks.at(-1).state.errored?.code === 'Z_BUF_ERROR' && a.length > b.length;
      if (whole && !more) this.same(`${part}: length`, a.length, b.length);
    }
  }

  /** What the calls themselves gave. */
  results() {
    const { results } = this.subject;
    for (const [label, expected] of this.reference.results) {
      if (label.startsWith('read-')) continue;
      // How much room there is depends on what its reader left.
      if (holdsUp(this.script) && /^(write|garbage|flush)-/.test(label) && !expected.threw)
        continue;
      const actual = results.get(label);
      // Room for more as soon as the data was taken.
      const early = isEarly(label) && expected.value === false && actual?.value === true;
      if (!early) this.same(`result of ${label}`, actual, expected);
    }
    this.same('errors', this.subject.errors, this.reference.errors);
  }
}

/** What may not happen in any life, but did in this one. */
function never(script, subject) {
  const nothing = { ...subject, log: [] };
  const comparison = new Comparison(script, subject, nothing);
  comparison.never();
  return comparison.differences;
}

/** Differences between what two sides reported of `script`: [] or [{what, subject, node}]. */
function compare(script, subject, reference) {
  const comparison = new Comparison(script, subject, reference);
  comparison.never();
  if (!dependsOnTiming(script)) comparison.looks();
  comparison.calledAtAll();
  comparison.outputs();
  if (comparison.astray) return comparison.differences;
  if (comparison.differences.length === 0 && !dependsOnTiming(script) && !actsEarly(script)) {
    comparison.results();
  }
  return comparison.differences;
}

module.exports = { Comparison, actsInside, compare, listensToData, never };
