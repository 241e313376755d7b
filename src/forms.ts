// The one-call functions by name.
import { asyncForm, syncForm } from './convenience.js';
import { classes } from './streams/classes.js';

export const deflate = asyncForm(classes.Deflate);
export const deflateSync = syncForm(classes.Deflate);
export const gzip = asyncForm(classes.Gzip);
export const gzipSync = syncForm(classes.Gzip);
export const deflateRaw = asyncForm(classes.DeflateRaw);
export const deflateRawSync = syncForm(classes.DeflateRaw);
export const unzip = asyncForm(classes.Unzip);
export const unzipSync = syncForm(classes.Unzip);
export const inflate = asyncForm(classes.Inflate);
export const inflateSync = syncForm(classes.Inflate);
export const gunzip = asyncForm(classes.Gunzip);
export const gunzipSync = syncForm(classes.Gunzip);
export const inflateRaw = asyncForm(classes.InflateRaw);
export const inflateRawSync = syncForm(classes.InflateRaw);
