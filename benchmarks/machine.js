// What the numbers were measured on.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ROOT, loadImplementation } = require('./lanes/implementations.js');

function output(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: ROOT });
  return status === 0 ? (stdout || stderr).trim().split('\n')[0] : undefined;
}

function packageVersion(name) {
  const file = path.join(__dirname, 'node_modules', name, 'package.json');
  return JSON.parse(fs.readFileSync(file, 'utf8')).version;
}

function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: Number(os.loadavg()[0].toFixed(2)),
  };
}

function describeVersions() {
  const { version } = require(path.join(ROOT, 'package.json'));
  return {
    'warpdrive-zlib': version,
    commit: output('git', ['rev-parse', '--short', 'HEAD']),
    codecs: loadImplementation('warpdrive').warpdrive.devices().at(-1).codecs,
    node: process.version,
    zlib: process.versions.zlib,
    pako: packageVersion('pako'),
    fflate: packageVersion('fflate'),
    gzip: output('gzip', ['--version']),
    pigz: output('pigz', ['--version']),
    igzip: output('igzip', ['--version']),
  };
}

module.exports = { describeMachine, describeVersions };
