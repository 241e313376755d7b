// ws: permessage-deflate between its own server and client, and against another implementation.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/ws.js');
const run = (...names) => sameWithPreload(SCENE, names);

test('context take-over on and off, many messages', async () => {
  const { takeOver, manySmall } = await run('takeOver', 'manySmall');
  for (const each of [...Object.values(takeOver), manySmall]) {
    assert.deepEqual(each.client, each.server);
    assert.deepEqual(each.failures, []);
  }
});

test('window bits from 8 to 15 and options of zlib', () => run('windowBits', 'zlibOptions'));

test('messages of 10 MB, fragments, order of callbacks', async () => {
  const { sendOrder } = await run('large', 'fragments', 'sendOrder');
  assert.deepEqual(sendOrder, [0, 1, 2, 3, 4, 5]);
});

test('pako reads the frames; the threshold decides which are compressed', async () => {
  const { readByPako } = await run('readByPako', 'threshold');
  for (const frames of Object.values(readByPako)) {
    assert.ok(frames.every(([, , content]) => !content.startsWith('pako')));
  }
});

test('corrupt frames close with 1007, and the server lives on', async () => {
  const { corrupt } = await run('corrupt');
  const { log, answers } = corrupt['reserved block type, apart: false'];
  assert.deepEqual(log, ['error Z_DATA_ERROR invalid block type', 'close 1006 ']);
  assert.deepEqual(answers, [[8, false, '03ef']]);
});

test('more than maxPayload closes with 1009', async () => {
  const { maxPayload } = await run('maxPayload');
  assert.deepEqual(maxPayload[`${20 << 20} of ${1 << 20}, false`].client, ['close 1009 ']);
});

test('terminate() in mid-message', () => run('terminate'));

// In a process of its own: ws takes the limit from the first connection that a process makes.
test('hundreds of connections, five at a time', () => run('hundreds'));
