// The types of import ... from 'warpdrive-zlib' are those of zlib.
import nodeZlib from 'node:zlib';

import zlib, { createGzip, type Gunzip, warpdrive, type ZlibOptions } from 'warpdrive-zlib';

export const asNode: typeof nodeZlib = zlib;
export const options: ZlibOptions = { level: 1 };
export const stream: nodeZlib.Gzip = createGzip(options);
export const asType: zlib.Gzip = zlib.createGzip();
export const unpacker: Gunzip = zlib.createGunzip();
export const codecs: string[] = warpdrive.devices().flatMap((device) => device.codecs);
export const threads: number = zlib.warpdrive.devices().length;
export const packed: Promise<unknown> = warpdrive.promises.gzip('text', {});
export const onSoftware: nodeZlib.Gzip = createGzip({ warpdrive: { device: 'software' } });
export const whole: Buffer = zlib.gzipSync('text', { level: 1, warpdrive: { device: 'auto' } });
// @ts-expect-error: no such setting
createGzip({ warpdrive: { devcie: 'software' } });
