// Runs a command and measures it: seconds, CPU seconds of all its threads (bash's `time`), and peak
// memory, read from /proc while it runs.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { peakBytes } = require('./usage.js');

const SAMPLE_MS = 5;
const TIMED = `TIMEFORMAT='TIMES %3R %3U %3S'; time "$@"`;

function childOf(pid) {
  try {
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.trim().split(' ')[0] || undefined;
  } catch {
    return undefined;
  }
}

/**
 * @returns {Promise<{ seconds: number, cpuSeconds: number, peakBytes: number }>}
 * @throws if the command fails, with what it wrote to standard error
 */
function runCommand(command, args) {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-c', TIMED, 'bash', command, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let peak = 0;
    let messages = '';
    const sampler = setInterval(() => {
      const pid = childOf(shell.pid);
      if (pid) peak = Math.max(peak, peakBytes(pid));
    }, SAMPLE_MS);
    shell.stderr.setEncoding('utf8').on('data', (text) => {
      messages += text;
    });
    shell.on('error', reject);
    shell.on('close', (code) => {
      clearInterval(sampler);
      const times = /TIMES (\S+) (\S+) (\S+)/.exec(messages);
      if (code !== 0 || !times) {
        return reject(new Error(`${command} ${args.join(' ')} failed (${code}): ${messages}`));
      }
      const [seconds, user, system] = times.slice(1).map(Number);
      resolve({ seconds, cpuSeconds: user + system, peakBytes: peak || undefined });
    });
  });
}

module.exports = { runCommand };
