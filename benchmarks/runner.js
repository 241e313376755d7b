// Runs scenarios: verifies, warms up, and lets the sides of a test take turns.

const { Lane } = require('./lanes/client.js');

/** How often sides take turns: at least, at most, and the seconds after which no round begins. */
const ROUNDS = { atLeast: 3, atMost: 9, seconds: 3 };
const QUICK_ROUNDS = { atLeast: 1, atMost: 3, seconds: 0.5 };
const PEER_ROUNDS = 1;

const DEFAULT_SIDES = [
  { name: 'node', implementation: 'node' },
  { name: 'warpdrive', implementation: 'warpdrive' },
];

function sidesOf(scenario, test, { against }) {
  const sides = scenario.sides?.(test) ?? [
    ...DEFAULT_SIDES,
    ...(against ? [{ name: 'against', implementation: against }] : []),
  ];
  const peers = (scenario.peers ?? []).map((name) => ({ name, implementation: name, peer: true }));
  return [...sides, ...peers];
}

/** Opens a lane for a side, lets `use` work with it, and ends its process whatever happens. */
async function withLane(name, test, side, use) {
  const lane = new Lane(`${name}, ${test.name}, ${side.name}`, side.env);
  try {
    const { implementation, options } = side;
    await lane.call('prepare', { scenario: name, test, implementation, options });
    return await use(lane);
  } finally {
    await lane.close();
  }
}

/** Opens a lane for each side and hands all of them to `use`. */
function withLanes(name, test, sides, use, lanes = new Map()) {
  const side = sides[lanes.size];
  if (!side) return use(lanes);
  return withLane(name, test, side, async (lane) => {
    await lane.call('warmUp');
    return withLanes(name, test, sides, use, lanes.set(side, lane));
  });
}

/** Checks outputs in processes of their own, whose memory is not measured. @returns the sides */
async function verify(name, test, sides) {
  for (const side of sides) {
    await withLane(name, test, side, (lane) => lane.call('verify'));
  }
  return new Set(sides);
}

/** Lets the sides take turns. `runOnce` runs one of them. */
async function takeTurns(sides, limits, runOnce) {
  const runs = new Map(sides.map((side) => [side, []]));
  const start = performance.now();
  for (let round = 0; round < limits.atMost; round++) {
    const spent = (performance.now() - start) / 1000;
    if (round >= limits.atLeast && spent >= limits.seconds) break;
    // Who comes first changes, so that nobody always runs on the caches the other left.
    const turns = round % 2 === 0 ? sides : sides.toReversed();
    for (const side of turns) {
      if (side.peer && round >= PEER_ROUNDS) continue;
      runs.get(side).push(await runOnce(side));
    }
  }
  return sides.map((side) => ({ name: side.name, runs: runs.get(side) }));
}

function measureRounds(name, scenario, test, sides, limits) {
  if (scenario.freshLanes) {
    return takeTurns(sides, limits, (side) =>
      withLane(name, test, side, (lane) => lane.call('run')),
    );
  }
  return withLanes(name, test, sides, (lanes) =>
    takeTurns(sides, limits, (side) => lanes.get(side).call('run')),
  );
}

/**
 * @param {string} name of a module in scenarios/
 * @param {{ corpora: object[], quick: boolean, against?: string, rounds?: number }} context
 * @yields {{ test: object, scenario: object, sides: { name: string, runs: object[] }[] }}
 */
async function* runScenario(name, context) {
  const scenario = require(`./scenarios/${name}.js`);
  const limits = { ...(context.quick ? QUICK_ROUNDS : ROUNDS), ...scenario.rounds };
  if (context.rounds) Object.assign(limits, { atLeast: context.rounds, atMost: context.rounds });
  for (const test of await scenario.tests(context)) {
    const sides = sidesOf(scenario, test, context);
    const foreign = sides.filter(({ implementation }) => implementation !== 'node');
    const verified = await verify(name, test, foreign);
    const measured = await measureRounds(name, scenario, test, sides, limits);
    yield {
      scenario,
      test,
      sides: measured.map((side, index) => ({ ...side, verified: verified.has(sides[index]) })),
    };
  }
}

module.exports = { runScenario };
