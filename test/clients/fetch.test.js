// Node's own fetch: its decoders are zlib's exports, and so the preload's.

const path = require('node:path');
const assert = require('node:assert/strict');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/http-clients.js');
// Many requests and files: on a busy machine a scene takes longer than the usual limit.

test('bodies in every encoding, whole, truncated and corrupt', async () => {
  const { globalFetch } = await sameWithPreload(SCENE, ['globalFetch']);
  const [status, encoding, length] = globalFetch['raw whole'];
  assert.deepEqual([status, encoding, length], [200, 'deflate', 100_000]);
});

test('stopped in mid-body', () => sameWithPreload(SCENE, ['abort']));
