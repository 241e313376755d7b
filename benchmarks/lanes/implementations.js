// What is compared: node:zlib, this package, another build of it, and other npm packages.

const path = require('node:path');
const { PassThrough } = require('node:stream');

const ROOT = path.resolve(__dirname, '../..');

/** Loads by name; a name that is a path is the folder of another build of this package. */
function loadImplementation(name) {
  switch (name) {
    case 'node':
      return require('node:zlib');
    case 'warpdrive':
      return require(path.join(ROOT, 'dist/index.js'));
    // What reading and handing on cost by themselves: no stream can be faster.
    case 'copy':
      return { createGzip: () => new PassThrough(), createGunzip: () => new PassThrough() };
    case 'pako': {
      const pako = require('pako');
      return { gzipSync: pako.gzip, gunzipSync: pako.ungzip };
    }
    case 'fflate':
      return require('fflate');
    default:
      return require(path.join(path.resolve(name), 'dist/index.js'));
  }
}

module.exports = { ROOT, loadImplementation };
