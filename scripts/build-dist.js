// Builds dist/: types by tsc, one file of JavaScript per entry by esbuild, since each further file
// would cost every user half a millisecond at start-up. The commands stay as they are in src/cli.

const { execFileSync } = require('node:child_process');
const { chmodSync, copyFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const esbuild = require('esbuild');

const root = join(__dirname, '..');
const dist = join(root, 'dist');
/** Built beside it and then put in its place: what runs from dist/ meanwhile keeps working. */
const work = join(root, 'dist.new');
const commands = ['warpgzip', 'warpdrive'];

/**
 * Names that `import { ... }` can take. ES modules must name their exports beforehand, so this is
 * what any supported Node has; a name that the running Node lacks is undefined there.
 */
function exportNames() {
  const zlib = require('node:zlib');
  const newer = [
    'ZstdCompress ZstdDecompress createZstdCompress createZstdDecompress',
    'zstdCompress zstdCompressSync zstdDecompress zstdDecompressSync',
    'ZipEntry ZipFile ZipBuffer createZipArchive createZipArchiveSync zipFiles',
    'getMaxZipContentSize setMaxZipContentSize',
  ];
  return [...new Set([...Object.keys(zlib), ...newer.join(' ').split(' ')])];
}

function writeModuleEntry() {
  const lines = [
    '// Made by scripts/build-dist.js.',
    "import zlib from './index.js';",
    'export default zlib;',
    'export const { warpdrive } = zlib;',
    `export const {\n${exportNames()
      .map((name) => `  ${name},`)
      .join('\n')}\n} = zlib;`,
  ];
  writeFileSync(join(work, 'index.mjs'), `${lines.join('\n')}\n`);
}

/** `entryPoints`: a list of files, or files by their name in dist/. */
function build(entryPoints, options) {
  esbuild.buildSync({
    absWorkingDir: root,
    entryPoints,
    outdir: work,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    charset: 'utf8',
    logLevel: 'warning',
    ...options,
  });
}

/** All share the modules in index.js. */
function bundle(entryPoints) {
  build(entryPoints, { bundle: true, external: ['./index.js'], packages: 'external' });
}

rmSync(work, { recursive: true, force: true });
const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', root, '--outDir', work], { stdio: 'inherit' });
bundle({ register: 'src/register.ts', warpdrive: 'src/warpdrive-entry.ts' });
build(['src/cli/*.ts'], { outbase: 'src' });
bundle({ index: 'src/index.ts' });
writeModuleEntry();
for (const file of ['index.d.ts', 'index.d.mts']) {
  copyFileSync(join(root, 'types', file), join(work, file));
}
for (const name of commands) chmodSync(join(work, 'cli', `${name}.js`), 0o755);
rmSync(dist, { recursive: true, force: true });
renameSync(work, dist);
