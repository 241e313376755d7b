// Runs a command and measures it: seconds, CPU seconds of all its threads (bash's `time`), and peak
// memory (GNU time, Debian package `time`): a short command ends before anybody can look at it.

const { spawn } = require('node:child_process');

const TIMED = `TIMEFORMAT='TIMES %3R %3U %3S'; time /usr/bin/time -f 'PEAK %M' "$@"`;

/**
 * @returns {Promise<{ seconds: number, cpuSeconds: number, peakBytes: number }>}
 * @throws if the command fails, with what it wrote to standard error
 */
function runCommand(command, args) {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-c', TIMED, 'bash', command, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let messages = '';
    shell.stderr.setEncoding('utf8').on('data', (text) => {
      messages += text;
    });
    shell.on('error', reject);
    shell.on('close', (code) => {
      const times = /TIMES (\S+) (\S+) (\S+)/.exec(messages);
      const peak = /PEAK (\d+)/.exec(messages);
      if (code !== 0 || !times || !peak) {
        return reject(new Error(`${command} ${args.join(' ')} failed (${code}): ${messages}`));
      }
      const [seconds, user, system] = times.slice(1).map(Number);
      resolve({ seconds, cpuSeconds: user + system, peakBytes: Number(peak[1]) * 1024 });
    });
  });
}

module.exports = { runCommand };
