// Node's ways to do something later, taken when loaded: tests put fake timers in the place of the global
// ones, which node:zlib does not notice.
import * as timers from 'node:timers';

export const { setImmediate } = timers;
export const { nextTick } = process;
