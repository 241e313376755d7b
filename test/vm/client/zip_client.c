#include "zip_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

uint8_t* arena;

static jmp_buf case_end;
static int case_number, failed;
static char reason[512];

void make_arena(void) {
  int flags = MAP_SHARED | MAP_ANONYMOUS;
  void* space = mmap(NULL, kArenaSize + getpagesize(), PROT_NONE, flags, -1, 0);
  if (space != MAP_FAILED)
    space = mmap(space, kArenaSize, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0);
  if (space == MAP_FAILED) {
    perror("mmap");
    exit(2);
  }
  arena = space;
}

double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

void fail(const char* file, int line, const char* format, ...) {
  va_list args;
  int n = snprintf(reason, sizeof reason, "%s:%d: ", file, line);
  va_start(args, format);
  vsnprintf(reason + n, sizeof reason - n, format, args);
  va_end(args);
  longjmp(case_end, 1);
}

void run_case(const char* name, case_fn fn) {
  double start = now_seconds();
  case_number++;
  if (setjmp(case_end)) {
    failed++;
    printf("not ok %d - %s\n# %s\n", case_number, name, reason);
  } else {
    fn();
    printf("ok %d - %s # %.0f ms\n", case_number, name, (now_seconds() - start) * 1e3);
  }
  fflush(stdout);
}

int tap_done(void) {
  printf("1..%d\n", case_number);
  fflush(stdout);
  return failed ? 1 : 0;
}

void fill_text(uint8_t* out, size_t n) {
  static const char* words[] = {"warp", "drive ", "queue", " doorbell", "zip ",
                                "\n",   "ring ",  "0123",  "kernel ",   "page"};
  uint32_t x = 12345;
  size_t at = 0;
  while (at < n) {
    x = x * 1103515245u + 12345u;
    for (const char* s = words[(x >> 16) % 10]; *s && at < n; s++) out[at++] = *s;
  }
}

uint32_t crc_of_register(uint32_t dw31) {
  uint32_t crc = 0;
  for (int i = 0; i < 32; i++) crc |= (~dw31 >> i & 1) << (31 - i);
  return crc;
}

void queue_reset(struct queue* q) {
  q->tail = q->head = 0;
  q->phase = 1;
}

static void set_address(uint32_t* dw, const void* p) {
  dw[0] = (uint32_t)(uintptr_t)p;
  dw[1] = (uint32_t)((uint64_t)(uintptr_t)p >> 32);
}

void put(struct queue* q, const struct request* r) {
  uint32_t dw[32] = {0};
  uint32_t type = q->version >= 3 ? 3 : 0;
  dw[4] = r->in_len;
  dw[7] = type << 28 | (r->finish ? 1u << 25 : 0) | (r->stateful ? 1u << 26 : 0) |
          (r->fresh ? 1u << 27 : 0);
  dw[9] = r->format | 4u << 12;
  dw[type ? 26 : 13] = r->tag;
  dw[14] = r->out_len;
  set_address(&dw[18], r->in);
  set_address(&dw[20], r->out);
  if (r->stateful) {
    set_address(&dw[22], r->context);
    dw[15] = r->state[0];
    memcpy(&dw[28], &r->state[1], 16);
  }
  memcpy(q->ring + q->tail * kSqeSize, dw, sizeof dw);
  q->tail = (q->tail + 1) % kDepth;
}

static void ring(struct queue* q, unsigned command, unsigned index) {
  uint64_t value =
      q->version == 1 ? q->number | (uint64_t)command << 16 : q->number | (uint64_t)command << 12;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  *q->doorbell = value | (uint64_t)index << 32;
}

void ring_sq(struct queue* q) { ring(q, 0, q->tail); }

bool take(struct queue* q, struct request* r, struct answer* a) {
  const uint8_t* cqe = q->ring + kDepth * kSqeSize + q->head * 16;
  uint16_t status = __atomic_load_n((const uint16_t*)(cqe + 14), __ATOMIC_ACQUIRE);
  uint16_t sq_head, number;
  uint32_t dw[32];
  if ((status & 1u) != q->phase) return false;
  memcpy(&sq_head, cqe + 8, 2);
  memcpy(&number, cqe + 10, 2);
  CHECK(sq_head < kDepth, "sq_head %u", sq_head);
  CHECK(number == q->number, "queue %u, not %u", number, q->number);
  memcpy(dw, q->ring + sq_head * kSqeSize, sizeof dw);
  *a = (struct answer){.consumed = dw[0],
                       .produced = dw[1],
                       .status = dw[3] & 0xff,
                       .last_block = dw[3] >> 8 & 1,
                       .tag = dw[q->version >= 3 ? 26 : 13],
                       .ctx_state = dw[15] & 0xf,
                       .isize = dw[30],
                       .checksum = dw[31]};
  if (r) {
    r->state[0] = dw[15];
    memcpy(&r->state[1], &dw[28], 16);
  }
  if (++q->head == kDepth) {
    q->head = 0;
    q->phase ^= 1;
  }
  ring(q, 1, q->head);
  return true;
}

struct answer run(const struct transport* t, struct queue* q, struct request* r) {
  struct answer a;
  double end = now_seconds() + 60;
  put(q, r);
  ring_sq(q);
  while (!take(q, r, &a)) {
    CHECK(now_seconds() < end, "no completion in 60 s");
    t->sleep(q);
  }
  CHECK(a.tag == r->tag, "tag %x, not %x", a.tag, r->tag);
  return a;
}
