// Failover, quarantine and recovery of devices, for those who subscribe to the channels.
import { channel } from 'node:diagnostics_channel';
import type { NativeEvent } from './binding.js';

const CHANNELS = {
  failover: channel('warpdrive:failover'),
  quarantine: channel('warpdrive:quarantine'),
  recovery: channel('warpdrive:recovery'),
};

/** A subscriber that throws is diagnostics_channel's to report: it does so in a turn of its own. */
export function publish(events: NativeEvent[]): void {
  for (const { type, ...event } of events) CHANNELS[type].publish(event);
}
