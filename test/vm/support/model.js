// The modelled ZIP function as a vfio-user process, and a QEMU that has it behind an IOMMU.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { OUT } = require('./build');

class Model {
  /**
   * @param {string} name of its files in out/
   * @param {string} program vfio_user_server
   * @param {string[]} options of the program
   */
  constructor(name, program, options) {
    this.socket = path.join(OUT, `${name}.sock`);
    this.controlSocket = path.join(OUT, `${name}.control`);
    this.log = path.join(OUT, `${name}.jsonl`);
    for (const file of [this.socket, this.controlSocket]) fs.rmSync(file, { force: true });
    this.process = spawn(
      program,
      [
        ...['--socket', this.socket, '--control', this.controlSocket, '--log', this.log],
        ...options,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.exit = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve(signal ?? code));
    });
  }

  /** Resolves when QEMU can connect. */
  async listening() {
    for await (const line of readline.createInterface({ input: this.process.stdout })) {
      if (line.startsWith('listening')) return;
    }
    throw new Error(`vfio_user_server ended with ${await this.exit}`);
  }

  /** Sends one command; its answer, a line of JSON. */
  control(command) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.controlSocket);
      readline.createInterface({ input: socket }).once('line', (line) => {
        socket.end();
        resolve(line);
      });
      socket.on('error', reject);
      socket.write(`${command}\n`);
    });
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.exit;
  }

  /** What the model saw, in order. */
  records() {
    return fs
      .readFileSync(this.log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** QEMU's arguments: guest memory that another process can map, an IOMMU, and the function. */
  machine() {
    const device = {
      driver: 'vfio-user-pci',
      socket: { path: this.socket, type: 'unix' },
      addr: '5',
    };
    return [
      ...['-object', 'memory-backend-memfd,id=mem,size=2048M,share=on'],
      ...['-machine', 'q35,kernel-irqchip=split,memory-backend=mem', '-m', '2048'],
      ...['-device', 'intel-iommu,caching-mode=on,intremap=on,aw-bits=48'],
      ...['-device', JSON.stringify(device)],
    ];
  }
}

module.exports = { Model };
