// The zlib-compatible surface, and nothing else: the running Node's zlib, with what this package
// accelerates put in its place. Whatever else that Node exports comes through untouched.
import type * as Accelerated from './accelerated.js';
import { nodeZlib, REPLACED, withValue } from './node-zlib.js';

/** WARPDRIVE_DISABLE: unset, empty and 0 leave the package on, all else turns it off. */
function disabled(): boolean {
  return !['', '0'].includes(process.env.WARPDRIVE_DISABLE ?? '');
}

// Not imported: what is turned off is not loaded.
const turnedOff = () => require('./disabled.js') as typeof Accelerated;

/** Whoever starts Node without addons gets Node's zlib and a warning: the application starts. */
function accelerated(): typeof Accelerated {
  try {
    return require('./accelerated.js') as typeof Accelerated;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    if (cause?.code !== 'ERR_DLOPEN_DISABLED') throw error;
    process.emitWarning(
      "warpdrive-zlib is off, and Node's own zlib does all the work: this process may not load addons.",
      {
        type: 'WarpdriveWarning',
        code: 'WARPDRIVE_ADDONS_DISABLED',
        detail:
          'Start Node without --no-addons, or with --allow-addons beside --permission; ' +
          'WARPDRIVE_DISABLE=1 turns the package off without this warning.',
      },
    );
    return turnedOff();
  }
}

const { replacements, warpdrive } = disabled() ? turnedOff() : accelerated();

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
