// The device's side of a guest: its counters, its faults, and what only root can do to it.

const fs = require('node:fs');
const { host } = require('./tap');

const PLACES = { spimdev: '/sys/class/spimdev', uacce: '/sys/class/uacce' };
const PARAMETERS = '/sys/module/hisi_zip_sim/parameters';

/** Sums of the counters of all devices: jobs, errors, doorbells, bad_doorbells, ... */
function counters(transport) {
  if (transport === 'vfio-pci') {
    const { counters: model } = JSON.parse(host('counters'));
    return { jobs: model.completions, doorbells: model.sqBells, ...model };
  }
  const sums = { jobs: 0 };
  const place = PLACES[transport];
  for (const device of fs.existsSync(place) ? fs.readdirSync(place) : []) {
    const line = fs.readFileSync(`${place}/${device}/device/sim`, 'latin1');
    for (const [, name, value] of line.matchAll(/(\w+)=(\d+)/g)) {
      sums[name] = (sums[name] ?? 0) + Number(value);
    }
  }
  return sums;
}

/** What stats() tells of each device of `transport`, by name. */
function deviceStats(zlib, transport) {
  const names = zlib.warpdrive.devices().flatMap((device) => {
    return device.transport === transport ? [device.name] : [];
  });
  return Object.fromEntries(
    zlib.warpdrive
      .stats()
      .devices.filter(({ name }) => names.includes(name))
      .map((device) => [device.name, device]),
  );
}

/** How much `what` rose since `before`, which deviceStats() gave, by name of the device. */
function rise(before, after, what) {
  return Object.fromEntries(
    Object.entries(after).map(([name, now]) => [name, now[what] - (before[name]?.[what] ?? 0)]),
  );
}

/** Sets a parameter of the simulated engine. */
function engine(name, value) {
  fs.writeFileSync(`${PARAMETERS}/${name}`, String(value));
}

/** Lets the guest script, which is root, do something; it goes on by itself. */
function root(action) {
  fs.writeFileSync('/tmp/root', `${action}\n`);
}

/** The same, and resolves when it is done. */
async function rootDone(action) {
  root(action);
  const end = Date.now() + 240_000;
  while (!fs.existsSync(`/tmp/done.${action}`)) {
    if (Date.now() > end) throw new Error(`root's ${action} did not succeed within 240 s`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

/** Takes the device away for good. */
function takeAway(transport) {
  if (transport === 'vfio-pci') host('kill');
  else root('take_away');
}

/** Makes each request take long, or no longer so: for what has to happen in the middle of one. */
function slow(transport, on) {
  if (transport === 'vfio-pci') host(on ? 'fault delay value=20 count=1000000' : 'clear-faults');
  else engine('job_delay_ms', on ? 20 : 0);
}

module.exports = { counters, deviceStats, rise, engine, root, rootDone, takeAway, slow };
