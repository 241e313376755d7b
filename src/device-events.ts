// What becomes of devices: failover, quarantine and recovery for those who subscribe to the channels,
// and all of it for those who set NODE_DEBUG=warpdrive.
import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import type { NativeDevice, NativeEvent } from './binding.js';

const CHANNELS = {
  failover: channel('warpdrive:failover'),
  quarantine: channel('warpdrive:quarantine'),
  recovery: channel('warpdrive:recovery'),
};

const log = debuglog('warpdrive');

const CONSENT =
  'used though its doorbell is shared, since allowUnsafeDoorbell was given: any process that has a ' +
  "queue of it can ring this process's doorbells with any value, discard its requests, or make the " +
  'kernel reset the device; results are checked, and software takes over';

function sentence(event: NativeEvent): string {
  const { type, fault, detail, requests, retryInMs, sharedDoorbell } = event;
  switch (type) {
    case 'open':
      return `chosen for a stream, queue opened${sharedDoorbell ? `; ${CONSENT}` : ''}`;
    case 'failover':
      return `${requests} requests go on in software: ${fault}, ${detail}`;
    case 'quarantine':
      return fault === 'queue-refused'
        ? `refused a queue, tried again in ${retryInMs} ms: ${detail}`
        : `quarantined for ${retryInMs} ms: ${fault}, ${detail}`;
    case 'recovery':
      return 'works again';
  }
}

/** A subscriber that throws is diagnostics_channel's to report: it does so in a turn of its own. */
export function publish(events: NativeEvent[]): void {
  for (const event of events) {
    log('%s: %s', event.device, sentence(event));
    const { type, sharedDoorbell, ...message } = event;
    if (type !== 'open') CHANNELS[type].publish(message);
  }
}

/** What there is at the start. Not asked for unless somebody reads it: that reads sysfs. */
export function logDevices(devices: () => NativeDevice[]): void {
  if (!log.enabled) return;
  for (const { name, transport, usable, reason, advice } of devices()) {
    const why = [reason, advice].filter(Boolean).join('; ');
    log('%s (%s): %s', name, transport, usable ? 'found' : `not used: ${why}`);
  }
}
