// warpdrive devices and warpdrive doctor.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { WARPDRIVE, cli, emptyFolder, folderWith } = require('./helpers');

const { doctorReport } = cli('doctor.js');
const { renderFields, renderTable } = cli('table.js');
const { version } = require('../../package.json');

function warpdrive(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WARPDRIVE, ...args]);
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
}

const software = {
  name: 'software',
  transport: 'software',
  threads: 2,
  codecs: ['fast 1.0', 'zlib 1.3'],
  queues: 4,
};
const hardware = { name: 'hisi_zip-0', transport: 'uacce', queues: { used: 1, free: 7 } };

test('devices: a table of what devices() returns, or JSON', () => {
  const { code, stdout } = warpdrive('devices', '--json');
  assert.equal(code, 0);
  const devices = JSON.parse(stdout);
  assert.ok(devices.some(({ name }) => name === 'software'));
  const table = warpdrive('devices');
  assert.equal(table.code, 0);
  assert.match(table.stdout, /^NAME +TRANSPORT /);
  assert.equal(table.stdout, renderTable(devices));
});

test('doctor tells what there is', () => {
  const { code, stdout } = warpdrive('doctor');
  assert.equal(code, 0);
  const field = (name) => new RegExp(`^${name} +(.*)$`, 'm').exec(stdout)?.[1];
  assert.equal(field('warpdrive-zlib'), version);
  assert.equal(field('node'), process.version);
  assert.equal(field('platform'), `${process.platform} ${process.arch}`);
  assert.ok(field('addon').endsWith('.node'));
  assert.match(field('codecs'), /zlib/);
  assert.ok(Number(field('threads')) >= 1);
  assert.match(stdout, /^device software$/m);
});

test('tables hold any fields', () => {
  assert.equal(
    renderTable([software, hardware]),
    [
      'NAME        TRANSPORT  THREADS  CODECS              QUEUES',
      'software    software   2        fast 1.0, zlib 1.3  4',
      'hisi_zip-0  uacce      -        -                   used=1 free=7',
      '',
    ].join('\n'),
  );
  assert.equal(
    renderFields({ a: [], longer: null, c: true }),
    'a       -\nlonger  -\nc       true\n',
  );
});

test('doctor: no hardware, and where it looked', () => {
  const [empty, missing] = [emptyFolder(), path.join(emptyFolder(), 'none')];
  const report = doctorReport({
    devices: [software],
    error: undefined,
    hardwareClasses: [empty, missing],
  });
  assert.ok(
    report.endsWith(
      `\nno WarpDrive hardware found: looked in ${empty}, ${missing}\n` +
        `  ${empty}: empty\n  ${missing}: No such file or directory\n` +
        '  what to do: if there is an accelerator (lspci -d 19e5:), load its driver: modprobe uacce; ' +
        'modprobe hisi_zip uacce_mode=1; docs/hardware.md has the ways without shared addressing\n',
    ),
    report,
  );
});

test('doctor: hardware that the kernel shows and nobody uses', () => {
  const folder = folderWith({ 'hisi_zip-0': '', 'hisi_zip-1': '' });
  const report = doctorReport({ devices: [software], error: undefined, hardwareClasses: [folder] });
  assert.match(report, /\nno WarpDrive hardware in use, though the kernel shows some:\n/);
  assert.match(report, new RegExp(`  ${folder}: hisi_zip-0, hisi_zip-1\\n  what to do: unset`));
});

test('doctor: why a device is not used, and what to do about it', () => {
  const refused = {
    ...hardware,
    usable: false,
    reason: 'no permission to read and write /dev/hisi_zip-0',
    advice: 'let a udev rule give it to a group that this user is in',
  };
  const report = doctorReport({ devices: [refused, software], error: undefined });
  assert.ok(
    report.includes(
      '\n  usable     false\n' +
        '  not used because: no permission to read and write /dev/hisi_zip-0\n' +
        '  what to do: let a udev rule give it to a group that this user is in\n',
    ),
    report,
  );
});

test('doctor: a device of the addon that is refused says so, in the whole program', () => {
  const env = { ...process.env, WARPDRIVE_TEST_DEVICES: 'name=test-0,shared' };
  const { stdout } = spawnSync(process.execPath, [WARPDRIVE, 'doctor'], { env });
  const device = /^device test-0\n( .*\n)+/m.exec(stdout.toString())?.[0];
  assert.match(device, /^ {2}usable +false$/m);
  assert.match(device, /^ {2}not used because: other processes could ring its doorbell$/m);
  assert.match(device, /^ {2}what to do: give allowUnsafeDoorbell/m);
});

test('doctor: hardware in use', () => {
  const report = doctorReport({ devices: [hardware, software], error: undefined });
  assert.match(report, /\ndevice hisi_zip-0\n {2}transport {2}uacce\n {2}queues +used=1 free=7\n/);
  assert.doesNotMatch(report, /no WarpDrive hardware/);
});

test('doctor: an addon that does not load', () => {
  const error = new Error('wrong ELF class\nand more');
  const report = doctorReport({ devices: [], error, hardwareClasses: [] });
  assert.match(report, /^load error +wrong ELF class$/m);
  assert.match(report, /^threads +-$/m);
});

test('help, version, wrong usage', () => {
  assert.match(warpdrive('--help').stdout, /^Usage: warpdrive COMMAND/);
  assert.deepEqual(warpdrive('-V'), { code: 0, stdout: `warpdrive ${version}\n`, stderr: '' });
  for (const args of [[], ['doctor', '--json']]) {
    const { code, stdout, stderr } = warpdrive(...args);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^Usage: warpdrive COMMAND/);
  }
  assert.match(warpdrive('--nonsense').stderr, /^warpdrive: Unknown option '--nonsense'/);
});
