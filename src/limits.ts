/** Most worker threads; SoftwareDevice::kMaxThreads in native/software/software_device.h. */
export const MAX_THREADS = 256;
