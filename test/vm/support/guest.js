// Boots a guest and gives its TAP lines as they come.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { OUT, ROOT } = require('./build');

/**
 * A guest without KVM and with a stable clock: see native/kernel/README.md. A busy host may leave a
 * processor of the guest without time for a while: that is no stall of its kernel.
 */
const KERNEL_ARGS = [
  'console=ttyS0 quiet panic=-1 tsc=reliable clocksource=tsc mitigations=off nokaslr audit=0',
  'no_timer_check rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60',
].join(' ');

/** isa-debug-exit: (value written << 1) | 1. The guest writes 16 when its scripts ran to the end. */
const EXIT_DONE = 33;

/** Debian's QEMU, and a machine that it makes by itself. */
const QEMU = { program: 'qemu-system-x86_64', args: [], env: {} };
const MACHINE = ['-machine', 'q35', '-m', '2048'];

function qemuArguments(options, scriptFile, log) {
  return [
    ...(options.qemu ?? QEMU).args,
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,-avx,-avx2,-la57', '-smp', '2'],
    ...(options.machine ?? MACHINE),
    ...['-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${log}`, '-serial', 'stdio'],
    ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
    '-virtfs',
    'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap',
    ...['-kernel', options.vmlinux, '-initrd', options.initramfs],
    ...['-append', `${KERNEL_ARGS} script=${scriptFile} ${options.kernelArgs ?? ''}`],
  ];
}

/** What the guest's init runs: the script, with its environment. */
function writeScript(options) {
  const env = Object.entries({ CHECKOUT: ROOT, NODE: process.execPath, ...options.env });
  const file = path.join(OUT, `${options.name}.sh`);
  const variables = env.map(([key, value]) => `export ${key}='${value}'\n`).join('');
  fs.writeFileSync(file, `${variables}exec bash ${ROOT}/test/vm/guest/${options.script}\n`);
  return file;
}

/**
 * @param {object} options
 * @param {string} options.name of the log file out/<name>.log
 * @param {string} options.script guest script under test/vm/guest, run by bash as root
 * @param {string} options.vmlinux
 * @param {string} options.initramfs
 * @param {number} options.seconds before the guest is given up
 * @param {Record<string, string>} [options.env] for the script
 * @param {{program: string, args: string[], env: object}} [options.qemu] if not Debian's
 * @param {string[]} [options.machine] QEMU arguments: machine, memory, devices
 * @param {string} [options.kernelArgs] more kernel arguments
 * @param {(command: string) => Promise<string>} [options.onCommand] does what a guest's line
 *   "#HOST command" asks for; its answer, one line, goes to the guest
 * @param {(line: string) => void} options.onLine gets each line of the script's output
 * @returns {Promise<void>} rejects when the guest does not end by itself, or its kernel complained
 */
async function runGuest(options) {
  const log = path.join(OUT, `${options.name}.log`);
  const { program, env } = options.qemu ?? QEMU;
  const args = qemuArguments(options, writeScript(options), log);
  const child = spawn('nice', ['-n', '15', program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  child.stdin.on('error', () => {}); // the guest ended while the host answered
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
    const command = line.match(/^#HOST (.*)/);
    if (command) child.stdin.write(`${await options.onCommand(command[1])}\n`);
    else options.onLine(line);
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
