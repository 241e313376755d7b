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
function listDevices(open = false): DeviceFields[] {
  const { warpdrive } = require('../index.js') as typeof import('../index.js');
  return warpdrive.devices({ open }).map((device) => ({ ...device }));
}

function showDevices(json: boolean): void {
  const devices = listDevices();
  process.stdout.write(json ? `${JSON.stringify(devices, null, 2)}\n` : renderTable(devices));
}

function examine(): number {
  let devices: DeviceFields[] = [];
  let error: unknown;
  try {
    devices = listDevices(true);
  } catch (reason) {
    error = reason;
  }
  process.stdout.write(doctorReport({ devices, error }));
  return error === undefined ? 0 : 1;
}

function main(): number {
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
  else if (command === 'devices' && rest.length === 0) showDevices(values.json === true);
  else if (command === 'doctor' && rest.length === 0 && !values.json) return examine();
  else {
    process.stderr.write(usage);
    return 1;
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`warpdrive: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
