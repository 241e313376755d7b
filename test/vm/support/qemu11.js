// QEMU 11 with vfio-user, from trixie-backports, unpacked in the cache and run from there.

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./run');
const { CACHE, once } = require('./kernel');

/** The mirror that this machine itself uses. */
function mirror() {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list'].concat(
    fs.existsSync(folder) ? fs.readdirSync(folder).map((file) => path.join(folder, file)) : [],
  );
  for (const file of files.filter((name) => fs.existsSync(name))) {
    const found = fs.readFileSync(file, 'utf8').match(/^[^#\n]*?(\w+:\/\/\S+\/debian\/?)(?:\s|$)/m);
    if (found) return found[1];
  }
  throw new Error('no source of Debian packages in /etc/apt');
}

/** An apt of its own: its lists, cache and status leave the machine's alone. */
function aptConfig(folder) {
  for (const sub of ['lists/partial', 'archives/partial']) {
    fs.mkdirSync(path.join(folder, sub), { recursive: true });
  }
  const sources = ['trixie', 'trixie-backports'].map((suite) => `deb ${mirror()} ${suite} main\n`);
  fs.writeFileSync(path.join(folder, 'sources.list'), sources.join(''));
  fs.writeFileSync(path.join(folder, 'status'), '');
  const config = path.join(folder, 'apt.conf');
  fs.writeFileSync(
    config,
    `Dir::State::Lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}";
Dir::Etc::SourceList "${folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "root";
APT::Architectures { "amd64"; };
APT::Install-Recommends "0";
`,
  );
  return config;
}

function unpack(folder) {
  const work = path.join(folder, 'apt');
  const env = { ...process.env, APT_CONFIG: aptConfig(work) };
  run('apt-get', ['update', '-qq'], { env });
  const install = ['install', '-y', '-qq', '--download-only', '-t', 'trixie-backports'];
  run('apt-get', [...install, 'qemu-system-x86'], { env });
  const archives = path.join(work, 'archives');
  const root = path.join(folder, 'root');
  fs.mkdirSync(root);
  // Unpacked is not installed: directories that are links on the machine are links here, too.
  for (const sub of ['bin', 'sbin', 'lib', 'lib64']) {
    fs.mkdirSync(path.join(root, 'usr', sub), { recursive: true });
    fs.symlinkSync(`usr/${sub}`, path.join(root, sub));
  }
  for (const deb of fs.readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', path.join(archives, deb), root]);
  }
  fs.rmSync(work, { recursive: true });
}

/** @returns {{program: string, args: string[]}} what runs it, and arguments that come first */
function qemu11() {
  const root = path.join(once(path.join(CACHE, 'qemu-11'), unpack), 'root');
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu');
  return {
    program: path.join(libraries, 'ld-linux-x86-64.so.2'),
    args: [
      ...['--library-path', `${libraries}:${libraries}/libproxy`],
      path.join(root, 'usr/bin/qemu-system-x86_64'),
      ...['share/qemu', 'share/seabios', 'lib/ipxe/qemu'].flatMap((sub) => [
        '-L',
        path.join(root, 'usr', sub),
      ]),
    ],
    env: { QEMU_MODULE_DIR: path.join(libraries, 'qemu') },
  };
}

module.exports = { qemu11 };
