// Order between normal memory (rings, data) and device memory (doorbells).
//
// Arm orders neither by itself. The device is an observer outside the CPUs' inner shareable
// domain, so C++ fences (dmb ish) do not reach it: these barriers name the outer domain, as the
// kernel's dma_rmb() and writeq() do. x86 keeps stores in order, loads in order, and a store
// behind an earlier load, also towards uncached memory; only the compiler has to be held.
#pragma once

#include <bit>

namespace warpdrive::hisilicon {

static_assert(std::endian::native == std::endian::little,
              "descriptors are little-endian and written as words of the CPU");

/// Before an SQ doorbell. Descriptors and data (stores to normal memory) must be visible before
/// the doorbell (a store to device memory) makes the device fetch them; and the kernel's "stop"
/// word (a load) must have been read before it. Loads and stores before, stores after: dmb osh.
inline void BarrierBeforeSubmit() {
#if defined(__aarch64__)
  asm volatile("dmb osh" ::: "memory");
#elif defined(__x86_64__) || defined(__i386__)
  asm volatile("" ::: "memory");
#else
  __sync_synchronize();
#endif
}

/// Between reading a phase bit and reading what it vouches for: the rest of the CQE, the written
/// back descriptor, the output. Load before loads: dmb oshld. Without it the CPU may have read the
/// descriptor before the device wrote it, and the phase after.
inline void BarrierAfterPhase() {
#if defined(__aarch64__)
  asm volatile("dmb oshld" ::: "memory");
#elif defined(__x86_64__) || defined(__i386__)
  asm volatile("" ::: "memory");
#else
  __sync_synchronize();
#endif
}

/// Before a CQ doorbell, which lets the device overwrite the entries that were read. Entries and
/// the "stop" word (loads) must have been read before it (a store): dmb oshld orders loads before
/// stores too.
inline void BarrierBeforeRelease() {
#if defined(__aarch64__)
  asm volatile("dmb oshld" ::: "memory");
#elif defined(__x86_64__) || defined(__i386__)
  asm volatile("" ::: "memory");
#else
  __sync_synchronize();
#endif
}

/// Between a CQ doorbell that asks for an event and the last look at the CQ before sleeping. A load
/// of normal memory may overtake a store to device memory, on x86 too (it waits in the store
/// buffer): the look would be from before the asking, and a completion between the two would raise
/// no event. Stores before loads: dmb osh, mfence. That the doorbell has left is all that a CPU can
/// promise of a posted write; for the rest of its way every sleep ends by itself, too.
inline void BarrierAfterArm() {
#if defined(__aarch64__)
  asm volatile("dmb osh" ::: "memory");
#elif defined(__x86_64__) || defined(__i386__)
  asm volatile("mfence" ::: "memory");
#else
  __sync_synchronize();
#endif
}

}  // namespace warpdrive::hisilicon
