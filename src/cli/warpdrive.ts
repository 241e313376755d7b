#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { type DeviceFields, doctorReport } from './doctor.js';
import { complain, reasonOf } from './messages.js';
import { packageVersion } from './package-info.js';
import { print } from './print.js';
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

function examine(): { report: string; exitCode: number } {
  let devices: DeviceFields[] = [];
  let error: unknown;
  try {
    devices = listDevices(true);
  } catch (reason) {
    error = reason;
  }
  return { report: doctorReport({ devices, error }), exitCode: error === undefined ? 0 : 1 };
}

/** What is wrong with a command line, or undefined. */
function complaint([command, ...rest]: string[], json: boolean): string | undefined {
  if (command === undefined) return 'no command given';
  if (command !== 'devices' && command !== 'doctor') return `unknown command '${command}'`;
  if (rest.length > 0) return `${command} takes no argument '${rest[0]}'`;
  return json && command === 'doctor' ? 'doctor has no option --json' : undefined;
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
  const json = values.json === true;
  if (values.help) return print('warpdrive', usage);
  if (values.version) return print('warpdrive', `warpdrive ${packageVersion()}\n`);
  const wrong = complaint(positionals, json);
  if (wrong) {
    complain(`warpdrive: ${wrong}\n${usage}`);
    return 1;
  }
  if (positionals[0] === 'doctor') {
    const { report, exitCode } = examine();
    return (await print('warpdrive', report)) || exitCode;
  }
  const devices = listDevices();
  const text = json ? `${JSON.stringify(devices, null, 2)}\n` : renderTable(devices);
  return print('warpdrive', text);
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    complain(`warpdrive: ${reasonOf(error)}\n`);
    process.exitCode = 1;
  },
);
