// Records what a stream tells, in order, in a form that can be compared between implementations.

const { turns } = require('./drive');
const { zlib } = require('./subject');

const CALLBACK_WAITS = 400;
const EVENTS = ['end', 'finish', 'close', 'error'];

/** Name of the event of an entry; callbacks' labels are none. */
const nameOf = (entry) => entry.split(' ')[0];

/**
 * The life of a stream as a list of entries: 'data', 'end', 'finish', 'close', 'error CODE', and
 * 'LABEL' or 'LABEL CODE' for callbacks made with `callback(label)`.
 */
class Recorder {
  constructor(stream, { data = true } = {}) {
    this.stream = stream;
    this.log = [];
    this.chunks = [];
    this.pending = 0;
    for (const event of EVENTS) {
      stream.on(event, (error) => this.note(event, error));
    }
    if (data) {
      stream.on('data', (chunk) => {
        this.chunks.push(chunk);
        this.note('data');
      });
    }
  }

  note(label, error) {
    this.log.push(error ? `${label} ${error.code ?? error.message}` : label);
  }

  callback(label) {
    this.pending++;
    return (error) => {
      this.pending--;
      this.note(label, error);
    };
  }

  /** Waits until every callback was called, but not for ever: what is missing shows in the log. */
  async calledBack() {
    const busy = () => zlib.warpdrive?.stats().outstanding > 0;
    for (let i = 0; i < CALLBACK_WAITS && this.pending > 0; i += busy() ? 0 : 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** All bytes seen so far. */
  get output() {
    return Buffer.concat(this.chunks);
  }

  /** Waits for 'close' and a few turns more, in which nothing may happen. */
  async closed() {
    if (!this.log.includes('close')) {
      await new Promise((resolve) => this.stream.once('close', resolve));
    }
    await turns();
    return this;
  }

  /**
   * Life without 'data': how many chunks there are and when they come is the implementation's
   * business, that they come before 'end' is checked by `reads()`.
   */
  life() {
    return this.log.filter((entry) => entry !== 'data');
  }

  /** The events alone, or those among them that are named. */
  events(names = EVENTS) {
    return this.log.filter((entry) => names.includes(nameOf(entry)));
  }

  /** Callbacks and the events of the writable side, in order. */
  calls() {
    return this.log.filter((entry) => !['data', 'end', 'error'].includes(nameOf(entry)));
  }

  /** Labels of all callbacks, sorted, without what they were given: each must be called once. */
  called() {
    return this.log
      .map(nameOf)
      .filter((name) => name !== 'data' && !EVENTS.includes(name))
      .sort();
  }

  /** The readable side alone, with neighbouring 'data' entries as one. */
  reads() {
    const side = this.log.filter((entry) =>
      ['data', 'end', 'close', 'error'].includes(nameOf(entry)),
    );
    return side.filter((entry, i) => entry !== 'data' || side[i - 1] !== 'data');
  }
}

module.exports = { Recorder };
