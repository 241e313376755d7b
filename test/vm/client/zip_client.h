// Raw access to a HiSilicon ZIP queue for the kernel-side conformance tests: rings, doorbells and
// descriptors written and read by hand. Shares no code with native/warpdrive, so that a mistake
// there does not meet the same mistake here.
#ifndef ZIP_CLIENT_H
#define ZIP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  kDepth = 1024,
  kSqeSize = 128,
  kRingSize = kDepth * kSqeSize + kDepth * 16,
  kArenaSize = 16 << 20,
  kContextSize = 64 << 10,
};

enum { kRaw = 1, kZlib = 2, kGzip = 3 };
enum { kCompress = 0, kDecompress = 1 };
enum {
  kStatusOk = 0,
  kStatusNegative = 0x0d,
  kStatusNoSpace = 0x0e,
  kStatusChecksum = 0x10,
  kStatusEnd = 0x13,
};

// One queue, mapped. `version` is the QM's: 1, 2 or 3.
struct queue {
  int fd;
  unsigned version, number;
  volatile uint64_t* doorbell;
  uint8_t* ring;
  unsigned tail, head, phase;
};

// One request. Addresses are in the arena.
struct request {
  int format;
  bool stateful, fresh, finish;
  const void* in;
  uint32_t in_len;
  void* out;
  uint32_t out_len;
  void* context;      // 64 KiB, when stateful
  uint32_t state[5];  // dw15, 28, 29, 30, 31: of the previous answer; updated
  uint32_t tag;
};

struct answer {
  uint32_t consumed, produced, status, tag, isize, checksum, ctx_state;
  bool last_block;
};

// Memory that the device can reach, `kArenaSize` bytes. The device address of a byte is its
// address. Behind it is a page that nobody can read.
extern uint8_t* arena;
void make_arena(void);

// What a transport gives the shared cases.
struct transport {
  // Opens a queue of one direction, or fails the running case.
  void (*open_queue)(struct queue* q, int direction);
  void (*close_queue)(struct queue* q);
  // Waits until something may have completed, at most ~100 ms.
  void (*sleep)(struct queue* q);
  bool has_raw;
};

void queue_reset(struct queue* q);
void put(struct queue* q, const struct request* r);
void ring_sq(struct queue* q);
// True when a completion was taken. Rings the CQ doorbell.
bool take(struct queue* q, struct request* r, struct answer* a);
// Sends one request and waits for its answer, 60 s at most.
struct answer run(const struct transport* t, struct queue* q, struct request* r);

// ---- results in TAP ----
typedef void (*case_fn)(void);
void run_case(const char* name, case_fn fn);
int tap_done(void);
_Noreturn void fail(const char* file, int line, const char* format, ...)
    __attribute__((format(printf, 3, 4)));
#define CHECK(condition, ...)                                                \
  do {                                                                       \
    if (!(condition)) fail(__FILE__, __LINE__, #condition ": " __VA_ARGS__); \
  } while (0)

double now_seconds(void);
// Text with repetitions, the same every time.
void fill_text(uint8_t* out, size_t n);
uint32_t crc_of_register(uint32_t dw31);

// The cases that do not depend on the transport.
void run_engine_cases(const struct transport* t);

#endif
