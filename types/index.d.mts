// Types of `import ... from 'warpdrive-zlib'`: zlib's own, and what zlib does not have.
import * as zlib from 'node:zlib';
import * as warpdrive from './warpdrive.js';

export * from 'node:zlib';
export { warpdrive };

declare const warpdriveZlib: typeof zlib & { readonly warpdrive: typeof warpdrive };
export default warpdriveZlib;
