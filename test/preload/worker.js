// A worker thread that knows nothing of this package: register.test.js.

const { parentPort } = require('node:worker_threads');
const zlib = require('node:zlib');

const back = zlib.gunzipSync(zlib.gzipSync('far')).toString();
parentPort.postMessage([back, zlib.warpdrive.stats().inlineRequests]);
