// The record of one stream's life in the finest detail that two implementations can be compared in.

const { Recorder } = require('../support/events');
const { describeError } = require('../support/same');

const MORE_EVENTS = ['prefinish', 'drain', 'pipe', 'unpipe'];

/** An argument of a callback as text: what it is, not only whether it is there. */
function describeArgument(value) {
  if (!(value instanceof Error)) return String(value);
  return `${value.name} ${value.code ?? value.message}`;
}

/**
 * A Recorder whose entries are 'LABEL(ARGUMENTS)' for callbacks, and which knows what a user does
 * inside a listener or a callback.
 */
class Life extends Recorder {
  constructor(stream, options) {
    super(stream, options);
    this.errors = [];
    stream.on('error', (error) => this.errors.push(describeError(error)));
    for (const event of MORE_EVENTS) stream.on(event, () => this.note(event));
  }

  note(label, error) {
    const late = label === 'data' && this.stream.destroyed;
    super.note(late ? 'data-after-destroy' : label, error);
  }

  /** A callback that is to be called once; `act` is done inside it. */
  callback(label, act = () => {}) {
    this.pending++;
    return (...args) => {
      this.pending--;
      this.note(`${label}(${args.map(describeArgument).join()})`);
      act();
    };
  }
}

module.exports = { Life };
