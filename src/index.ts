// The zlib-compatible surface, and nothing else: the running Node's zlib, with what this package
// accelerates put in its place. Whatever else that Node exports comes through untouched.
import type * as Accelerated from './accelerated.js';
import { nodeZlib, REPLACED, withValue } from './node-zlib.js';

/** WARPDRIVE_DISABLE: unset, empty and 0 leave the package on, all else turns it off. */
function disabled(): boolean {
  return !['', '0'].includes(process.env.WARPDRIVE_DISABLE ?? '');
}

// Not imported: what is turned off is not loaded.
const { replacements, warpdrive } = (
  disabled() ? require('./disabled.js') : require('./accelerated.js')
) as typeof Accelerated;

const descriptors = Object.getOwnPropertyDescriptors(nodeZlib as object as Record<string, unknown>);
for (const [name, value] of replacements) {
  descriptors[name] = withValue(descriptors[name], value);
}

const warpdriveZlib = Object.defineProperties({}, descriptors) as typeof nodeZlib & {
  warpdrive: typeof Accelerated.warpdrive;
};
// Not enumerable: whoever lists the exports finds exactly zlib's.
Object.defineProperty(warpdriveZlib, 'warpdrive', { value: warpdrive });
Object.defineProperty(warpdrive, REPLACED, { value: [...replacements.keys()] });

export = warpdriveZlib;
