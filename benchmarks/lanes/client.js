// The runner's end of a lane.

const { fork } = require('node:child_process');
const path = require('node:path');

/** A lane that is silent for this long hangs; the longest runs take some ten seconds. */
const SILENCE_MS = 300_000;

class Lane {
  #child;
  #pending = new Map();
  #lastId = 0;
  #label;

  /** @param {string} label for errors  @param {Record<string, string>} [env] added to ours */
  constructor(label, env = {}) {
    this.#label = label;
    this.#child = fork(path.join(__dirname, 'lane.js'), {
      execArgv: ['--expose-gc'],
      env: { ...process.env, ...env },
    });
    this.#child.on('message', ({ id, value, error }) => {
      const { resolve, reject } = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) reject(new Error(`${this.#label}: ${error}`));
      else resolve(value);
    });
    this.#child.on('exit', (code, signal) => {
      const error = new Error(`${this.#label}: its process ended early (${signal ?? code})`);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Runs one of the commands of lane.js. */
  call(command, argument) {
    const id = ++this.#lastId;
    let timer;
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, command, argument }, (error) => error && reject(error));
      timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        reject(new Error(`${this.#label}: no answer to '${command}' in ${SILENCE_MS / 1000} s`));
      }, SILENCE_MS);
    });
    return answer.finally(() => clearTimeout(timer));
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }
}

module.exports = { Lane };
