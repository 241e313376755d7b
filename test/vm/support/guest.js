// Boots a guest and gives its TAP lines as they come.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { OUT, ROOT } = require('./build');

/** A guest without KVM and with a stable clock: see native/kernel/README.md. */
const KERNEL_ARGS =
  'console=ttyS0 quiet panic=-1 tsc=reliable clocksource=tsc mitigations=off nokaslr audit=0 no_timer_check';

/** isa-debug-exit: (value written << 1) | 1. The guest writes 16 when its scripts ran to the end. */
const EXIT_DONE = 33;

/**
 * @param {object} options
 * @param {string} options.name of the log file out/<name>.log
 * @param {string} options.script guest script under test/vm/guest, run by bash as root
 * @param {string} options.vmlinux
 * @param {string} options.initramfs
 * @param {number} options.seconds before the guest is given up
 * @param {Record<string, string>} [options.env] for the script
 * @param {string} [options.qemu] program, if not Debian's
 * @param {string[]} [options.qemuArgs] more arguments
 * @param {string} [options.kernelArgs] more kernel arguments
 * @param {(line: string) => void} options.onLine gets each line of the script's output
 * @returns {Promise<void>} rejects when the guest does not end by itself, or its kernel complained
 */
async function runGuest(options) {
  const log = path.join(OUT, `${options.name}.log`);
  const env = Object.entries({ CHECKOUT: ROOT, NODE: process.execPath, ...options.env });
  const script = `${env.map(([k, v]) => `export ${k}='${v}'`).join('\n')}
exec bash ${ROOT}/test/vm/guest/${options.script}\n`;
  const scriptFile = path.join(OUT, `${options.name}.sh`);
  fs.writeFileSync(scriptFile, script);
  const args = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,-avx,-avx2,-la57', '-smp', '2'],
    ...(options.machine ?? ['-machine', 'q35', '-m', '2048']),
    ...['-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${log}`, '-serial', 'stdio'],
    ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
    '-virtfs',
    'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap',
    ...['-kernel', options.vmlinux, '-initrd', options.initramfs],
    ...['-append', `${KERNEL_ARGS} script=${scriptFile} ${options.kernelArgs ?? ''}`],
    ...(options.qemuArgs ?? []),
  ];
  const program = options.qemu ?? 'qemu-system-x86_64';
  const child = spawn('nice', ['-n', '15', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A guest runs on the CPU time that others leave: WARPDRIVE_VM_PATIENCE=3 triples the limits.
  const seconds = options.seconds * Number(process.env.WARPDRIVE_VM_PATIENCE || 1);
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const exit = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    options.onLine(line.replace(/\r$/, ''));
  }
  const code = await exit;
  clearTimeout(timer);
  const console = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '';
  const end = console.split('\n').slice(-40).join('\n');
  if (code === 'SIGKILL') throw new Error(`no end within ${seconds} s; ${log}:\n${end}`);
  if (code !== EXIT_DONE) throw new Error(`QEMU ended with ${code}\n${complaints}${log}:\n${end}`);
  const bad = console.match(/.*(?:BUG:|Oops|Call Trace|WARNING: |hung_task|blocked for more).*/);
  if (bad) throw new Error(`the guest's kernel says: ${bad[0]}\n${log}`);
}

module.exports = { runGuest };
