// Types of `require('warpdrive-zlib')`: zlib's own, and what zlib does not have.
export * from 'node:zlib';
export * as warpdrive from './warpdrive.js';
