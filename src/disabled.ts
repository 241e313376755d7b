// The package turned off, by WARPDRIVE_DISABLE or since Node may load no addons: Node's zlib does
// everything, the addon stays unloaded.
import type * as Accelerated from './accelerated.js';
import { nodeZlib } from './node-zlib.js';
import { promiseForms } from './promises.js';
import type { Stats } from './warpdrive.js';

const NO_WORK: Stats = {
  requests: 0,
  inlineRequests: 0,
  doorbells: 0,
  failovers: 0,
  bytesIn: 0,
  bytesOut: 0,
  outstanding: 0,
  poolBytesInUse: 0,
  poolBytesCached: 0,
  bytesToldToV8: 0,
  runningThreads: 0,
  devices: [],
  routing: {},
};

export const replacements: typeof Accelerated.replacements = new Map();

export const warpdrive = {
  devices: () => [],
  stats: () => ({ ...NO_WORK }),
  configure: () => {},
  promises: promiseForms(nodeZlib),
} as unknown as typeof Accelerated.warpdrive;
