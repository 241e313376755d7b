// Runs scenarios: verifies, warms up, and lets the sides of a test take turns.

const { Lane } = require('./lanes/client.js');

/** How often sides take turns: at least, at most, and the seconds after which no round begins. */
const ROUNDS = { atLeast: 3, atMost: 9, seconds: 4 };
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

async function openLane(scenarioName, test, side) {
  const lane = new Lane(`${scenarioName}, ${test.name}, ${side.name}`, side.env);
  const { implementation, options } = side;
  await lane.call('prepare', { scenario: scenarioName, test, implementation, options });
  return lane;
}

/** Checks every side's outputs in processes of their own, whose memory is not measured. */
async function verify(name, test, sides) {
  for (const side of sides) {
    const lane = await openLane(name, test, side);
    await lane.call('verify');
    await lane.close();
  }
}

/** One run of a side, in its open lane or, where the scenario wants that, in a new process. */
async function runOnce(name, scenario, test, side, lanes) {
  if (!scenario.freshLanes) return lanes.get(side).call('run');
  const lane = await openLane(name, test, side);
  const outcome = await lane.call('run');
  await lane.close();
  return outcome;
}

async function measureRounds(name, scenario, test, sides, limits) {
  const lanes = new Map();
  if (!scenario.freshLanes) {
    for (const side of sides) {
      const lane = await openLane(name, test, side);
      await lane.call('warmUp');
      lanes.set(side, lane);
    }
  }
  const runs = new Map(sides.map((side) => [side, []]));
  const start = performance.now();
  for (let round = 0; round < limits.atMost; round++) {
    const spent = (performance.now() - start) / 1000;
    if (round >= limits.atLeast && spent >= limits.seconds) break;
    // Who comes first changes, so that nobody always runs on the caches the other left.
    const turns = round % 2 === 0 ? sides : sides.toReversed();
    for (const side of turns) {
      if (side.peer && round >= PEER_ROUNDS) continue;
      runs.get(side).push(await runOnce(name, scenario, test, side, lanes));
    }
  }
  for (const lane of lanes.values()) await lane.close();
  return sides.map((side) => ({ name: side.name, runs: runs.get(side) }));
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
    await verify(
      name,
      test,
      sides.filter(({ implementation }) => implementation !== 'node'),
    );
    yield { scenario, test, sides: await measureRounds(name, scenario, test, sides, limits) };
  }
}

module.exports = { runScenario };
