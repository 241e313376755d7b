// undici from npm: fetch() and the decompressing interceptor of request().

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/http-clients.js');
// Many requests and files: on a busy machine a scene takes longer than the usual limit.

test('fetch(): bodies in every encoding, whole, truncated and corrupt', async () => {
  const { undiciFetch } = await sameWithPreload(SCENE, ['undiciFetch']);
  assert.equal(undiciFetch['gzip twice'][2], 200_000);
});

test('request() with the interceptor that decompresses', () =>
  sameWithPreload(SCENE, ['undiciRequest']));
