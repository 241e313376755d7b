// The device's side of a guest: its counters, its faults, and what only root can do to it.

const fs = require('node:fs');
const { host } = require('./tap');

const PLACES = { spimdev: '/sys/class/spimdev', uacce: '/sys/class/uacce' };
const PARAMETERS = '/sys/module/hisi_zip_sim/parameters';

/** Sums of the counters of all devices: jobs, errors, doorbells, bad_doorbells, ... */
function counters(transport) {
  if (transport === 'vfio-pci') {
    const { counters: model } = JSON.parse(host('counters'));
    return { jobs: model.completions, doorbells: model.sq_bells, ...model };
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

/** Sets a parameter of the simulated engine. */
function engine(name, value) {
  fs.writeFileSync(`${PARAMETERS}/${name}`, String(value));
}

/** Lets the guest script, which is root, do something; it goes on by itself. */
function root(action) {
  fs.writeFileSync('/tmp/root', `${action}\n`);
}

module.exports = { counters, engine, root };
