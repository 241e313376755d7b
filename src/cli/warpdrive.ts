#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { type DeviceFields, doctorReport } from './doctor.js';
import { reasonOf } from './messages.js';
import { packageVersion } from './package-info.js';
import { renderTable } from './table.js';

const usage = `Usage: warpdrive COMMAND
  devices [--json]  list the devices that execute compression requests
  doctor            show what this installation can use, and why not more
  -h, --help        give this help
  -V, --version     display version number
`;

/** Not imported above, so that doctor can tell why the addon does not load. */
async function listDevices(): Promise<DeviceFields[]> {
  const { devices } = await import('../warpdrive.js');
  return [...devices()].map((device) => ({ ...device }));
}

async function showDevices(json: boolean): Promise<void> {
  const devices = await listDevices();
  process.stdout.write(json ? `${JSON.stringify(devices, null, 2)}\n` : renderTable(devices));
}

async function examine(): Promise<number> {
  let devices: DeviceFields[] = [];
  let error: unknown;
  try {
    devices = await listDevices();
  } catch (reason) {
    error = reason;
  }
  process.stdout.write(doctorReport({ devices, error }));
  return error === undefined ? 0 : 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'V' },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help) process.stdout.write(usage);
  else if (values.version) process.stdout.write(`warpdrive ${packageVersion()}\n`);
  else if (command === 'devices' && rest.length === 0) await showDevices(values.json === true);
  else if (command === 'doctor' && rest.length === 0 && !values.json) return examine();
  else {
    process.stderr.write(usage);
    return 1;
  }
  return 0;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(`warpdrive: ${reasonOf(error)}\n`);
    process.exitCode = 1;
  },
);
