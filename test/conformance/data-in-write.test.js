// 'data' never comes from inside write() or end(), whatever else ran meanwhile.

const assert = require('node:assert/strict');
const { gzipSync } = require('node:zlib');
const { until } = require('../support/drive');
const { noise } = require('../support/data');
const { zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const RUNS = 60;
const first = gzipSync('first '.repeat(50));
const second = gzipSync('second '.repeat(50));
const large = noise(300_000);

test("one stream's listener writes to another that has output due", async () => {
  for (let run = 0; run < RUNS; run++) {
    const [a, b] = [zlib.createGunzip(), zlib.createGunzip()];
    let writing = false;
    let inside = 0;
    let ended = 0;
    const finish = (piece) => {
      writing = true;
      b.end(piece);
      writing = false;
    };
    a.on('data', () => finish(second.subarray(20))).on('end', () => ended++);
    b.on('data', () => {
      if (writing) inside++;
    }).on('end', () => ended++);
    b.write(second.subarray(0, 20));
    a.end(first);
    await until(() => ended === 2);
    assert.equal(inside, 0);
  }
});

test('a synchronous call between two writes', async () => {
  const stream = zlib.createGunzip();
  let writing = true;
  let inside = 0;
  let ended = false;
  stream
    .on('data', () => {
      if (writing) inside++;
    })
    .on('end', () => {
      ended = true;
    });
  stream.write(first);
  await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
  zlib.gzipSync(large); // drains what the stream has due
  stream.end(second);
  writing = false;
  await until(() => ended);
  assert.equal(inside, 0);
});
