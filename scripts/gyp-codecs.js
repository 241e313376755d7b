// Answers binding.gyp: which codec libraries does pkg-config know, and how are they compiled and
// linked. `WARPDRIVE_CODECS` (comma-separated; empty = none) limits the choice, for builds that
// must do without one. zlib is always there: Node exports its own.

const { execFileSync } = require('node:child_process');

const LIBRARIES = {
  isal: { pkg: 'libisal', define: 'WARPDRIVE_HAVE_ISAL' },
  libdeflate: { pkg: 'libdeflate', define: 'WARPDRIVE_HAVE_LIBDEFLATE' },
};

function pkgConfig(flag, pkg) {
  try {
    return execFileSync('pkg-config', [flag, pkg], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** Names of the codec libraries to build with. */
function codecs() {
  const wanted = process.env.WARPDRIVE_CODECS;
  const names = wanted === undefined ? Object.keys(LIBRARIES) : wanted.split(',').filter(Boolean);
  return names.filter((name) => {
    const library = LIBRARIES[name];
    if (!library) {
      throw new Error(
        `WARPDRIVE_CODECS names '${name}'; known are: ${Object.keys(LIBRARIES).join(', ')}`,
      );
    }
    const found = pkgConfig('--exists', library.pkg) !== null;
    if (!found && wanted !== undefined) {
      throw new Error(
        `WARPDRIVE_CODECS asks for ${name}, but pkg-config does not find ${library.pkg}`,
      );
    }
    return found;
  });
}

const ANSWERS = {
  defines: ({ define }) => define,
  cflags: ({ pkg }) => pkgConfig('--cflags', pkg),
  libs: ({ pkg }) => pkgConfig('--libs', pkg),
};

const answer = ANSWERS[process.argv[2]];
if (!answer) throw new Error(`usage: gyp-codecs.js ${Object.keys(ANSWERS).join('|')}`);
console.log(
  codecs()
    .map((name) => answer(LIBRARIES[name]))
    .filter(Boolean)
    .join(' '),
);
