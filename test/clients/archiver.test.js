// archiver: ZIP (raw deflate) and tar.gz at several levels, stored entries, abort().

const path = require('node:path');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

test('what it packs, other implementations read', () =>
  sameWithPreload(path.join(__dirname, 'scenes/zip.js'), ['archiver']));
