// got: promises and streams.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/http-clients.js');
// Many requests and files: on a busy machine a scene takes longer than the usual limit.

test('bodies in every encoding, whole, truncated and corrupt', async () => {
  const { got, gotStream } = await sameWithPreload(SCENE, ['got', 'gotStream']);
  assert.deepEqual(got['gzip whole'].slice(0, 2), [200, 100_000]);
  assert.deepEqual(gotStream['gzip flip -1'].slice(-2), ['response', 'error']);
});
