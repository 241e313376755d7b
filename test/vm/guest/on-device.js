// Preloaded into programs that know nothing of devices: what can go to one goes there.

const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });
