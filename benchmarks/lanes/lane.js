// A lane: a process that runs one side of one test (one implementation), and nothing else. Lanes of
// the same test take turns; who is not on turn sleeps. Commands come over IPC, one at a time.

const { loadImplementation } = require('./implementations.js');
const { measure } = require('./usage.js');

let scenario;
let state;

const commands = {
  /** @param {{ scenario: string, test: object, implementation: string }} work */
  async prepare(work) {
    scenario = require(`../scenarios/${work.scenario}.js`);
    const zlib = work.implementation && loadImplementation(work.implementation);
    state = await scenario.prepare(work.test, zlib, work);
    return { versions: zlib?.warpdrive?.devices?.() };
  },
  /** Throws unless outputs decode to the inputs. */
  async verify() {
    await scenario.verify(state);
  },
  async warmUp() {
    await (scenario.warmUp ?? scenario.run)(state);
  },
  async run() {
    return measure(() => scenario.run(state));
  },
};

process.on('message', async ({ id, command, argument }) => {
  try {
    process.send({ id, value: (await commands[command](argument)) ?? null });
  } catch (error) {
    process.send({ id, error: error?.stack ?? String(error) });
  }
});
process.on('disconnect', () => process.exit());
