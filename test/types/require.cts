// The types of require('warpdrive-zlib') are those of zlib, in both directions.
import nodeZlib = require('node:zlib');
import zlib = require('warpdrive-zlib');
import warpdrive = require('warpdrive-zlib/warpdrive');

export const asNode: typeof nodeZlib = zlib;
export const asOurs: Omit<typeof zlib, 'warpdrive'> = nodeZlib;
export const stream: nodeZlib.Gzip = zlib.createGzip({ level: 9 });
export const options: zlib.ZlibOptions = { chunkSize: 64 };
export const packed: Buffer = zlib.gzipSync('text', options);
export const names: string[] = zlib.warpdrive.devices().map((device) => device.name);
export const requests: number = warpdrive.stats().requests;
// @ts-expect-error: threads is a number
warpdrive.configure({ threads: 'many' });
// @ts-expect-error: no such function
zlib.gzipp('text');
export const onSoftware: zlib.Gzip = zlib.createGzip({ warpdrive: { device: 'software' } });
zlib.gzip('text', { warpdrive: { device: 'hardware' } }, () => {});
// @ts-expect-error: a device is named by a string
zlib.gzipSync('text', { warpdrive: { device: 5 } });
