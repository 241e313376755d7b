// Writes to a stream that takes no more.

const { text } = require('../support/data');
const { turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES } = require('../support/formats');
const { assertSameAsync, describeError, outcome } = require('../support/same');
const { test } = require('../support/bounded');

const plain = text(2000);

// Each returns what the call itself gave.
const SCENES = {
  'write after end()': (life) => {
    life.stream.end();
    return life.stream.write(plain, life.callback('write'));
  },
  'write after end(data)': (life) => {
    life.stream.end(plain);
    return life.stream.write(plain, life.callback('write'));
  },
  'end(data) after end()': (life) => {
    life.stream.end(life.callback('end-1'));
    life.stream.end(plain, life.callback('end-2'));
  },
  'end() after end()': (life) => {
    life.stream.end(life.callback('end-1'));
    life.stream.end(life.callback('end-2'));
  },
  'write after destroy()': (life) => {
    life.stream.destroy();
    return life.stream.write(plain, life.callback('write'));
  },
  'write after destroy(error)': (life) => {
    life.stream.destroy(new Error('on purpose'));
    return life.stream.write(plain, life.callback('write'));
  },
  'end after destroy()': (life) => {
    life.stream.destroy();
    life.stream.end(life.callback('end'));
  },
  'end(data) after destroy()': (life) => {
    life.stream.destroy();
    life.stream.end(plain, life.callback('end'));
  },
  'write after close()': (life) => {
    life.stream.close();
    return life.stream.write(plain, life.callback('write'));
  },
  'write in a close listener': (life) => {
    life.stream.once('close', () => life.stream.write(plain, life.callback('write')));
    life.stream.destroy();
  },
  'write in an error listener': (life) => {
    life.stream.once('error', () => life.stream.write(plain, life.callback('write')));
    life.stream.destroy(new Error('on purpose'));
  },
  'push after destroy': (life) => {
    life.stream.destroy();
    return life.stream.push(plain);
  },
  'unknown encoding': (life) => {
    const call = outcome(() => life.stream.write('text', 'utf9'));
    life.stream.destroy();
    return call;
  },
};

for (const [title, scene] of Object.entries(SCENES)) {
  test(title, async () => {
    for (const Class of CLASSES) {
      await assertSameAsync(async (side) => {
        const life = new Recorder(new side[Class]());
        const errors = [];
        life.stream.on('error', (error) => errors.push(describeError(error)));
        const result = scene(life);
        await life.closed();
        await turns();
        return { result, errors, log: life.life(), errored: Boolean(life.stream.errored) };
      }, Class);
    }
  });
}
