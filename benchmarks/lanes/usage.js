// What the running process used: CPU time of all its threads, CPU time of its main thread, and the
// most memory it held. The last two come from /proc (Linux).

const fs = require('node:fs');

/** Seconds of CPU time of the main thread so far, or undefined where the kernel does not say. */
function mainThreadSeconds() {
  try {
    const text = fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]) / 1e9;
  } catch {
    return undefined;
  }
}

/** Lets the peak begin anew at what is held now (proc(5), clear_refs: 5). */
function resetPeak() {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Without it the peak is that of the whole process, which peakBytes() falls back to as well.
  }
}

/** Peak resident bytes since resetPeak(). */
function peakBytes() {
  try {
    const status = fs.readFileSync('/proc/self/status', 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** Runs `work` and measures it. What `work` returns about itself takes precedence. */
async function measure(work) {
  globalThis.gc?.();
  resetPeak();
  const cpuBefore = process.cpuUsage();
  const mainBefore = mainThreadSeconds();
  const start = process.hrtime.bigint();
  const outcome = await work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const main = mainThreadSeconds();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    mainCpuSeconds: main === undefined ? undefined : main - mainBefore,
    peakBytes: peakBytes(),
    ...outcome,
  };
}

module.exports = { measure, peakBytes };
