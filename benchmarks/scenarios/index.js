// Every scenario, in the order in which they run. Each is a module with
//   title            what the table is called
//   rate             'bytes' or 'operations': what the speed counts (default: operations if a run
//                    returns some)
//   tests(context)   what to measure: { name, corpus, params }[]; may be async
//   sides(test)      who takes turns: { name, implementation, env }[]; the first is what the others
//                    are compared with (default: node:zlib and this package)
//   peers            names of further implementations, measured in fewer rounds
//   prepare(test, zlib)  in the lane: a state, handed to the others
//   verify(state)    throws unless outputs decode to the inputs
//   warmUp(state)    what to run before measuring (default: one run)
//   run(state)       one run: { bytesIn, operations, sizes, p50Ms, p99Ms, ... }
//   freshLanes       a new process for every run

const NAMES = [
  'stream',
  'gunzip',
  'members',
  'oneshot',
  'large',
  'callback',
  'http',
  'websocket',
  'idle',
  'threads',
  'latency',
  'cli',
];

module.exports = { NAMES };
