// yauzl: raw inflate under checks of its own.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/zip.js');

test('good and damaged entries, sizes that lie, entries left early', async () => {
  const { yauzlDamaged } = await sameWithPreload(SCENE, ['yauzlDamaged', 'yauzlLeftEarly']);
  const [first] = yauzlDamaged['byte 0, sizes checked: true'];
  assert.match(first, /Z_DATA_ERROR/);
});
