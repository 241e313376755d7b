// reset() between a write and its callback: newer Nodes refuse it, older ones take it.

const { turns } = require('../support/drive');
const { assertSameAsync } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const INPUT = {
  Gzip: 'data',
  Deflate: 'data',
  DeflateRaw: 'data',
  Gunzip: node.gzipSync('data'),
  Inflate: node.deflateSync('data'),
  InflateRaw: node.deflateRawSync('data'),
  Unzip: node.gzipSync('data'),
};

function attempt(call) {
  try {
    call();
    return 'accepted';
  } catch (error) {
    return `${error.name} ${error.code} ${error.message}`;
  }
}

for (const [name, input] of Object.entries(INPUT)) {
  test(`${name}: reset() while a write is in progress, and after it`, async () => {
    await assertSameAsync(async (side) => {
      const stream = new side[name]();
      const told = [];
      stream.on('error', (error) => told.push(`error ${error.code}`));
      told.push(attempt(() => stream.reset()));
      const done = new Promise((resolve) => stream.write(input, resolve));
      told.push(attempt(() => stream.reset()));
      told.push(attempt(() => stream._handle.reset()));
      told.push(`called back with ${await done}`);
      await turns();
      told.push(attempt(() => stream.reset()));
      stream.destroy();
      await turns();
      return told;
    });
  });
}
