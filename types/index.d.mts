// Types of `import ... from 'warpdrive-zlib'`: zlib's own, and what zlib does not have. The default
// is a namespace too, since zlib's is: `zlib.Gzip` is a type.
export * from 'node:zlib';
export * as default from './index.js';
export * as warpdrive from './warpdrive.js';
