// tar, which drives the streams of zlib through minizlib: `_processChunk`, `_handle` and `reset`
// by hand, with turns of the event loop in between.

const path = require('node:path');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/tar.js');
// Many requests and files: on a busy machine a scene takes longer than the usual limit.
const run = (...names) => sameWithPreload(SCENE, names);

test('create, list and extract: files, sync and not, options of gzip', () => run('forms'));

test('streams; update and replace', () => run('streams', 'updates'));

test('damaged archives', () => run('corrupt'));
