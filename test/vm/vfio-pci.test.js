// The package on a modelled ZIP function behind stock vfio-pci and QEMU's Intel IOMMU.

const assert = require('node:assert/strict');
const { guestTest } = require('./support/cases');
const build = require('./support/build');
const { kernel } = require('./support/kernel');
const { Model } = require('./support/model');
const { qemu11 } = require('./support/qemu11');

/** BAR2 of a QM V2 function: docs/hardware.md. */
const REGISTERS = {
  eqMask: 0x4,
  aeqMask: 0xc,
  mailbox: 0x300,
  mailboxHigh: 0x308,
  doorbell: 0x1000,
  eventDoorbell: 0x2000,
};
const { eqMask, aeqMask, doorbell, eventDoorbell } = REGISTERS;

function checkStores(records) {
  const stores = records.filter(({ event }) => event === 'store');
  const places = Object.values(REGISTERS);
  for (const { bar, offset, size, value } of stores) {
    const where = `store of ${size} bytes, ${value}, at BAR${bar} + ${offset}`;
    assert.ok(bar === 2 && places.includes(offset), where);
    assert.equal(size, offset === eqMask || offset === aeqMask ? 4 : 8, where);
  }
  assert.ok(
    stores.some(({ offset }) => offset === doorbell),
    'no queue doorbell',
  );
  assert.ok(
    stores.some(({ offset }) => offset === eventDoorbell),
    'no event doorbell',
  );
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

guestTest(
  'vfio-pci',
  async () => {
    const linux = kernel();
    build.buildDriverCases();
    const model = new Model('vfio-pci', build.buildModelServer(), ['--split-mailbox']);
    await model.listening();
    return {
      name: 'vfio-pci',
      script: 'vfio-pci.sh',
      vmlinux: linux.vmlinux,
      initramfs: build.buildInitramfs('vfio-pci', {
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
      seconds: 400,
      after: () => model.kill(),
      checks: {
        'every store has its register and its width': () => checkStores(model.records()),
        'the model refused nothing': () => checkViolations(model.records()),
      },
    };
  },
  { minimum: 26 },
);
