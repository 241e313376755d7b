// warpdrive devices and warpdrive doctor.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { WARPDRIVE, WARPGZIP, cli, emptyFolder, folderWith } = require('./helpers');

const { doctorReport } = cli('doctor.js');
const { renderFields, renderTable } = cli('table.js');
const ROOT = path.join(__dirname, '..', '..');
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
  const folder = emptyFolder();
  for (const name of ['dist', 'package.json']) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const doctor = path.join(folder, 'dist', 'cli', 'warpdrive.js');
  const { status, stdout } = spawnSync(process.execPath, [doctor, 'doctor'], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(
    stdout,
    /^warpdrive-zlib could not load .*warpdrive\.node.*"npm rebuild warpdrive-zlib"/,
  );
  assert.match(stdout, /^addon +not loaded \(none in .*\)$/m);
  assert.match(stdout, /^threads +-$/m);
  assert.doesNotMatch(stdout, /Require stack|hardware|hisi_zip/);
});

test('doctor: what else keeps the package from loading, whole, and what to try', () => {
  const report = doctorReport({ devices: [], error: new Error('one line\nand more') });
  assert.ok(report.startsWith('one line\nand more\nwhat to do: npm rebuild warpdrive-zlib\n\n'));
});

test('doctor shows the variables that it read', () => {
  const env = { ...process.env, WARPDRIVE_THREADS: '3', WARPDRIVE_DEVICES: 'software' };
  const { stdout } = spawnSync(process.execPath, [WARPDRIVE, 'doctor'], { env, encoding: 'utf8' });
  assert.match(stdout, /^WARPDRIVE_THREADS +"3"$/m);
  assert.match(stdout, /^WARPDRIVE_DEVICES +"software"$/m);
});

const FULL = '/dev/full';

for (const [file, args] of [
  [WARPDRIVE, ['devices']],
  [WARPDRIVE, ['doctor']],
  [WARPDRIVE, ['--help']],
  [WARPGZIP, ['--help']],
  [WARPGZIP, ['-V']],
]) {
  const name = path.basename(file, '.js');

  test(`${name} ${args[0]}: stdout is full, or nobody reads it`, {
    skip: !fs.existsSync(FULL) && `there is no ${FULL}`,
  }, () => {
    const fd = fs.openSync(FULL, 'w');
    const full = spawnSync(process.execPath, [file, ...args], { stdio: ['ignore', fd, 'pipe'] });
    fs.closeSync(fd);
    assert.equal(full.stderr.toString(), `${name}: stdout: No space left on device\n`);
    assert.equal(full.status, 1);
    // The reader is gone before there is anything to read.
    const script = 'exec 3>&1; { read -r go; "$@"; echo "$?" >&3; } < "$gate" | exec true >"$gate"';
    const gate = path.join(emptyFolder(), 'gate');
    spawnSync('mkfifo', [gate]);
    const command = ['-c', script, 'sh', process.execPath, file, ...args];
    const env = { ...process.env, gate };
    const unread = spawnSync('bash', command, { env, encoding: 'utf8' });
    assert.deepEqual([unread.stdout, unread.stderr], ['141\n', '']);
  });
}

test('help, version, wrong usage', () => {
  assert.match(warpdrive('--help').stdout, /^Usage: warpdrive COMMAND/);
  assert.deepEqual(warpdrive('-V'), { code: 0, stdout: `warpdrive ${version}\n`, stderr: '' });
  for (const [args, wrong] of [
    [[], 'no command given'],
    [['bogus'], "unknown command 'bogus'"],
    [['devices', 'x'], "devices takes no argument 'x'"],
    [['doctor', '--json'], 'doctor has no option --json'],
  ]) {
    const { code, stdout, stderr } = warpdrive(...args);
    assert.deepEqual([code, stdout], [1, '']);
    assert.ok(stderr.startsWith(`warpdrive: ${wrong}\nUsage: warpdrive COMMAND`), stderr);
  }
  assert.match(warpdrive('--nonsense').stderr, /^warpdrive: Unknown option '--nonsense'/);
});
