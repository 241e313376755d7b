// Values that are no data: the same errors, thrown or given at the same place.

const { METHODS, CLASSES } = require('../support/formats');
const { WRONG_VALUES } = require('../support/inputs');
const { assertSame, assertSameAsync, describeError, outcome } = require('../support/same');
const { turns } = require('../support/drive');
const { test } = require('../support/bounded');

for (const method of METHODS) {
  test(`${method}Sync: wrong data`, () => {
    for (const [name, make] of Object.entries(WRONG_VALUES)) {
      assertSame((side) => side[`${method}Sync`](make()).length, name);
    }
    assertSame((side) => side[`${method}Sync`]().length, 'no argument');
  });

  test(`${method}: wrong data`, async () => {
    for (const [name, make] of Object.entries(WRONG_VALUES)) {
      // A function is taken for a callback of end().
      if (typeof make() === 'function') continue;
      // What is not data at all is thrown at once; null and undefined are an empty stream.
      await assertSameAsync(async (side) => {
        let finish;
        const result = new Promise((resolve) => {
          finish = resolve;
        });
        const call = outcome(() =>
          side[method](make(), (error, output) =>
            finish(error ? describeError(error) : output.length),
          ),
        );
        return call.threw ? call : [call, await result];
      }, name);
    }
  });

  test(`${method}: wrong callback`, () => {
    const data = Buffer.from('x');
    for (const [name, make] of Object.entries(WRONG_VALUES)) {
      if (typeof make() === 'function') continue;
      assertSame((side) => side[method](data, {}, make()), `third argument ${name}`);
      assertSame((side) => side[method](data, make()), `second argument ${name}`);
    }
    assertSame((side) => side[method](data), 'one argument');
    assertSame((side) => side[method](), 'no argument');
  });
}

for (const name of CLASSES) {
  for (const method of ['write', 'end']) {
    test(`${name}.${method}(): wrong data`, async () => {
      for (const [label, make] of Object.entries(WRONG_VALUES)) {
        // A function in the place of data is a callback.
        if (method === 'end' && typeof make() === 'function') continue;
        await assertSameAsync(async (side) => {
          const stream = new side[name]();
          const seen = [];
          stream.on('error', (error) => seen.push(describeError(error)));
          const call = outcome(() => {
            stream[method](make());
          });
          // end() without data ends the stream; its error, if any, comes before 'close'.
          if (method === 'end' && !call.threw) {
            await new Promise((resolve) => stream.resume().once('close', resolve));
          }
          await turns();
          stream.destroy();
          return { call, seen, errored: Boolean(stream.errored) };
        }, label);
      }
    });
  }
}

test('write() with an encoding that does not exist', async () => {
  for (const encoding of ['utf9', 'none', '', 7, {}, null, undefined]) {
    await assertSameAsync(async (side) => {
      const stream = new side.Gzip();
      stream.on('error', () => {});
      const call = outcome(() => stream.write('text', encoding));
      stream.destroy();
      return call;
    }, String(encoding));
  }
});
