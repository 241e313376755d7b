// The one-call functions by name.
import { asyncForm, syncForm } from './convenience.js';

export const deflate = asyncForm('Deflate');
export const deflateSync = syncForm('Deflate');
export const gzip = asyncForm('Gzip');
export const gzipSync = syncForm('Gzip');
export const deflateRaw = asyncForm('DeflateRaw');
export const deflateRawSync = syncForm('DeflateRaw');
export const unzip = asyncForm('Unzip');
export const unzipSync = syncForm('Unzip');
export const inflate = asyncForm('Inflate');
export const inflateSync = syncForm('Inflate');
export const gunzip = asyncForm('Gunzip');
export const gunzipSync = syncForm('Gunzip');
export const inflateRaw = asyncForm('InflateRaw');
export const inflateRawSync = syncForm('InflateRaw');
