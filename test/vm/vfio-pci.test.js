// The package on a modelled ZIP function behind stock vfio-pci and QEMU's Intel IOMMU.

const assert = require('node:assert/strict');
const { guestTest } = require('./support/cases');
const build = require('./support/build');
const { kernel } = require('./support/kernel');
const { Model } = require('./support/model');
const { qemu11 } = require('./support/qemu11');

/** Registers of BAR2: docs/hardware.md. */
const REGISTERS = {
  aeqMask: 0x4,
  eqMask: 0xc,
  mailbox: 0x300,
  mailboxHigh: 0x308,
  doorbell: 0x1000,
  eventDoorbell: 0x2000,
};
/** What a V3 function has besides. Its queues' doorbells are in BAR4, a page for each. */
const V3_REGISTERS = { pageSize: 0x34, state: 0x60 };
const PAGE = 0x10000;
const NARROW = ['aeqMask', 'eqMask', 'pageSize', 'state'];

/** The register that a store went to; undefined if there is none for the driver. */
function registerOf(generation, bar, offset) {
  if (generation === 'hip09' && bar === 4) {
    return offset % PAGE === REGISTERS.doorbell ? 'doorbell' : undefined;
  }
  const { doorbell, ...shared } = REGISTERS;
  const own = generation === 'hip09' ? V3_REGISTERS : { doorbell };
  const found = Object.entries({ ...shared, ...own }).find(([, place]) => place === offset);
  return bar === 2 && found ? found[0] : undefined;
}

function checkStores(generation, records) {
  const seen = new Set();
  for (const { event, bar, offset, size, value } of records) {
    if (event !== 'store') continue;
    const name = registerOf(generation, bar, offset);
    const where = `store of ${size} bytes, ${value}, at BAR${bar} + ${offset}`;
    assert.ok(name, where);
    assert.equal(size, NARROW.includes(name) ? 4 : 8, where);
    seen.add(name);
  }
  for (const name of ['doorbell', 'eventDoorbell', 'mailbox', 'eqMask', 'aeqMask']) {
    assert.ok(seen.has(name), `no store to ${name}`);
  }
}

/** Where function.js lets the engine go: 4 GiB behind the arena, which begins at 4 GiB. */
const WILD = 0x200000000;

/**
 * An x86 guest cannot store 16 bytes at once; function.js lets the engine leave the mapped memory,
 * and resets the function twice, of which the driver learns when it stops the queue. Nothing else
 * is to be noted.
 */
function checkViolations(records) {
  const violations = records.filter(({ event }) => event === 'violation');
  const of = (wanted) => violations.filter(({ reason }) => reason === wanted);
  const left = violations.filter(({ reason, detail }) => {
    if (reason === 'sqe-dma') return Number(detail.split(' ').at(-1)) < WILD;
    return reason !== 'split-mailbox' && reason !== 'mailbox-order';
  });
  assert.deepEqual(left, []);
  assert.ok(of('mailbox-order').length <= 2, 'more than the two queues that were reset');
  assert.ok(of('sqe-dma').length >= 4, 'the IOMMU stopped nothing');
}

/** An x86 guest cannot store 16 bytes at once: beside that nothing is to be noted. */
function checkClean(records) {
  const violations = records.filter(({ event }) => event === 'violation');
  assert.deepEqual(
    violations.filter(({ reason }) => reason !== 'split-mailbox'),
    [],
  );
}

/** Seconds of random streams in each of the two guests: the other transports have four times as many. */
const SOAK = Math.ceil(Number(process.env.WARPDRIVE_VM_SOAK ?? 10) / 4);

/**
 * A guest with a function of one generation.
 * @param {'hip08' | 'hip09'} generation
 * @param {(records: object[]) => void} checkNotes looks at what the model refused
 * @param {{minimum: number, seconds: number}} bounds as of guestTest() and runGuest()
 */
function functionTest(generation, checkNotes, { minimum, seconds }) {
  const name = `vfio-pci-${generation}`;
  const prepare = async () => {
    const linux = kernel();
    build.buildDriverCases();
    const options = ['--split-mailbox', '--generation', generation];
    const model = new Model(name, build.buildModelServer(), options);
    await model.listening();
    return {
      name,
      script: 'vfio-pci.sh',
      env: { GENERATION: generation, SOAK },
      vmlinux: linux.vmlinux,
      initramfs: build.buildInitramfs(name, {
        stock: build.resolveModules(linux.modules, [
          ...build.HOST_FILES,
          ...['vfio-pci', 'vfio_iommu_type1'],
        ]),
        own: [],
      }),
      qemu: qemu11(),
      machine: model.machine(),
      kernelArgs: 'intel_iommu=on iommu=nopt',
      onCommand: async (command) => {
        if (command !== 'kill') return model.control(command);
        await model.kill();
        return '{"ok":true}';
      },
      seconds: seconds + SOAK,
      after: () => model.kill(),
      checks: {
        'every store has its register and its width': () =>
          checkStores(generation, model.records()),
        'the model refused nothing': () => checkNotes(model.records()),
      },
    };
  };
  guestTest(name, prepare, { minimum });
}

functionTest('hip08', checkViolations, { minimum: 28, seconds: 400 });
functionTest('hip09', checkClean, { minimum: 25, seconds: 380 });
