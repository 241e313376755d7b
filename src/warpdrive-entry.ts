// `require('warpdrive-zlib/warpdrive')`: what the main entry exports as `warpdrive`.
import { warpdrive } from './index.js';

export const { devices, stats, configure, promises } = warpdrive;
