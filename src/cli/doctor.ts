import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from './messages.js';
import { packageRoot, packageVersion } from './package-info.js';
import { renderFields } from './table.js';

/** A device as warpdrive.devices() describes it; the fields differ between kinds of device. */
export type DeviceFields = Record<string, unknown>;

/** Classes in which the kernel lists the accelerators that user space may reach. */
const HARDWARE_CLASSES = ['/sys/class/uacce', '/sys/class/spimdev', '/sys/class/sdmdev'];

const NO_HARDWARE =
  'if there is an accelerator (lspci -d 19e5:), load its driver: modprobe uacce; ' +
  'modprobe hisi_zip uacce_mode=1; docs/hardware.md has the ways without shared addressing';
const NOT_LISTED =
  'unset WARPDRIVE_DEVICES and WARPDRIVE_DISABLE; what does other work than compression stays unused';

/** Read by the package, in alphabetical order. */
const VARIABLES = [
  'WARPDRIVE_ALLOW_UNSAFE_DOORBELL',
  'WARPDRIVE_DEVICES',
  'WARPDRIVE_DISABLE',
  'WARPDRIVE_STREAMS',
  'WARPDRIVE_THREADS',
];

export interface Findings {
  /** Empty, with the reason in `error`, if the package could not be loaded. */
  devices: DeviceFields[];
  error: unknown;
  /** Folders to look in for hardware; the kernel's by default. */
  hardwareClasses?: string[];
}

function loadedAddon(): string | undefined {
  return Object.keys(require.cache).find(
    (file) => file.startsWith(packageRoot) && file.endsWith('.node'),
  );
}

/** Where the build leaves the addon, if it has left one. */
function builtAddon(): string {
  const folder = join(packageRoot, 'build', 'Release');
  try {
    const file = readdirSync(folder).find((name) => name.endsWith('.node'));
    if (file) return join(folder, file);
  } catch {
    // No build folder is no addon.
  }
  return `none in ${folder}`;
}

/** What one class folder shows: the names in it, or why there are none. */
function lookInto(folder: string): { entries: string[]; outcome: string } {
  try {
    const entries = readdirSync(folder).sort();
    return { entries, outcome: entries.join(', ') || 'empty' };
  } catch (error) {
    return { entries: [], outcome: reasonOf(error) };
  }
}

function describeHardware(hardware: DeviceFields[], classes: string[]): string {
  const looks = classes.map((folder) => ({ folder, ...lookInto(folder) }));
  if (hardware.length > 0) return '';
  const present = looks.filter(({ entries }) => entries.length > 0);
  if (present.length === 0) {
    const where = looks.map(({ folder, outcome }) => `  ${folder}: ${outcome}\n`).join('');
    return `\nno WarpDrive hardware found: looked in ${classes.join(', ')}\n${where}  what to do: ${NO_HARDWARE}\n`;
  }
  const where = present.map(({ folder, outcome }) => `  ${folder}: ${outcome}\n`).join('');
  return `\nno WarpDrive hardware in use, though the kernel shows some:\n${where}  what to do: ${NOT_LISTED}\n`;
}

/** One device; behind its fields why it is not used, and what to do about it. */
function describeDevice({ name, reason, advice, ...fields }: DeviceFields): string {
  const why = reason === undefined ? '' : `  not used because: ${reason}\n`;
  const cure = advice === undefined ? '' : `  what to do: ${advice}\n`;
  return `\ndevice ${name}\n${renderFields(fields, '  ')}${why}${cure}`;
}

/** The variables that decide what is used, as far as they are set. */
function environment(): Record<string, string> {
  const set: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) set[name] = JSON.stringify(value);
  }
  return set;
}

/** What the addon's load error says holds what to do; of other errors nobody knows that. */
function notLoaded(error: unknown): string {
  const reason = reasonOf(error);
  const advised = reason.includes('native addon');
  return `${reason}\n${advised ? '' : 'what to do: npm rebuild warpdrive-zlib\n'}\n`;
}

/** The text of `warpdrive doctor`. */
export function doctorReport(findings: Findings): string {
  const { devices, error, hardwareClasses = HARDWARE_CLASSES } = findings;
  const off = process.env.WARPDRIVE_DISABLE;
  const software = devices.find(({ transport }) => transport === 'software');
  const summary = renderFields({
    'warpdrive-zlib': packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    addon: loadedAddon() ?? `not loaded (${builtAddon()})`,
    ...(off && devices.length === 0 && !error && { 'turned off': `WARPDRIVE_DISABLE=${off}` }),
    codecs: software?.codecs,
    threads: software?.threads,
    ...environment(),
  });
  // What hardware there is matters when something can drive it.
  if (error !== undefined) return notLoaded(error) + summary;
  const details = devices.map(describeDevice).join('');
  const hardware = devices.filter(({ transport }) => transport !== 'software');
  return summary + details + describeHardware(hardware, hardwareClasses);
}
