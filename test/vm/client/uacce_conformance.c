// The user side of the uacce ABI by raw calls, on the kernel's own uacce.c.
//   uacce_conformance main      as the user that owns /dev/NAME
//   uacce_conformance removal   the same, while somebody else unloads the module
// Environment: NAME = device, e.g. hisi_zip-0.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zip_client.h"

// include/uapi/misc/uacce/{uacce,hisi_qm}.h
#define START_Q _IO('W', 0)
#define PUT_Q _IO('W', 1)
struct qp_ctx {
  uint16_t id, type;
};
struct qp_info {
  uint32_t sqe_size;
  uint16_t sq_depth, cq_depth;
  uint64_t reserved;
};
#define SET_QP_CTX _IOWR('H', 10, struct qp_ctx)
#define SET_QP_INFO _IOWR('H', 11, struct qp_info)

static const char* name;
static size_t mmio_size, dus_size;
static unsigned qm_version;

static void attr(char* out, size_t size, const char* file) {
  char path[256];
  snprintf(path, sizeof path, "/sys/class/uacce/%s/%s", name, file);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0, "%s: %s", path, strerror(errno));
  ssize_t n = read(fd, out, size - 1);
  close(fd);
  CHECK(n >= 0, "%s: %s", path, strerror(errno));
  out[n] = 0;
}

static long attr_number(const char* file) {
  char text[64];
  attr(text, sizeof text, file);
  return strtol(text, NULL, 10);
}

static void set_engine(const char* parameter, int value) {
  char path[256], text[16];
  snprintf(path, sizeof path, "/sys/module/hisi_zip_sim/parameters/%s", parameter);
  int fd = open(path, O_WRONLY | O_CLOEXEC), n = snprintf(text, sizeof text, "%d", value);
  CHECK(fd >= 0 && write(fd, text, n) == n, "%s: %s", path, strerror(errno));
  close(fd);
}

static int open_file(void) {
  char path[64];
  snprintf(path, sizeof path, "/dev/%s", name);
  return open(path, O_RDWR | O_CLOEXEC);
}

static void* map_region(int fd, int region, size_t size) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)region * getpagesize());
}

static void open_queue(struct queue* q, int direction) {
  struct qp_ctx ctx = {.type = direction};
  q->fd = open_file();
  CHECK(q->fd >= 0, "open: %s", strerror(errno));
  uint8_t* mmio = map_region(q->fd, 0, mmio_size);
  CHECK(mmio != MAP_FAILED, "registers: %s", strerror(errno));
  q->ring = map_region(q->fd, 1, dus_size);
  CHECK(q->ring != MAP_FAILED, "rings: %s", strerror(errno));
  CHECK(!ioctl(q->fd, SET_QP_CTX, &ctx), "SET_QP_CTX: %s", strerror(errno));
  CHECK(!ioctl(q->fd, START_Q), "START_Q: %s", strerror(errno));
  q->number = ctx.id;
  q->version = qm_version;
  q->doorbell = (volatile uint64_t*)(mmio + 0x1000);
  queue_reset(q);
}

static void close_queue(struct queue* q) {
  munmap((uint8_t*)q->doorbell - 0x1000, mmio_size);
  munmap(q->ring, dus_size);
  close(q->fd);
}

static void sleep_queue(struct queue* q) {
  struct pollfd p = {.fd = q->fd, .events = POLLIN};
  poll(&p, 1, 100);
}

static struct transport transport = {open_queue, close_queue, sleep_queue, false};

static void discovery(void) {
  char text[128];
  CHECK((size_t)attr_number("region_dus_size") == dus_size, "DUS");
  CHECK((size_t)attr_number("region_mmio_size") == mmio_size, "MMIO");
  attr(text, sizeof text, "api");
  CHECK(!strcmp(text, qm_version == 3 ? "hisi_qm_v3\n" : "hisi_qm_v2\n"), "api %s", text);
  attr(text, sizeof text, "algorithms");
  CHECK(!strcmp(text, qm_version == 3 ? "zlib\ngzip\ndeflate\n\n" : "zlib\ngzip\n\n"), "%s", text);
  CHECK(attr_number("flags") == 1, "flags %ld", attr_number("flags"));
  CHECK(attr_number("available_instances") > 0, "no queues");
}

static void rules(void) {
  struct qp_ctx ctx = {.type = 2};
  struct qp_info info = {0};
  int fd = open_file();
  CHECK(fd >= 0, "open: %s", strerror(errno));
  CHECK(ioctl(fd, SET_QP_CTX, &ctx) == -1 && errno == EINVAL, "type 2: errno %d", errno);
  CHECK(!ioctl(fd, SET_QP_INFO, &info), "SET_QP_INFO: %s", strerror(errno));
  CHECK(info.sqe_size == 128 && info.sq_depth == kDepth && info.cq_depth == kDepth, "geometry");
  CHECK(ioctl(fd, _IO('W', 9)) == -1 && errno == EINVAL, "unknown: errno %d", errno);
  CHECK(map_region(fd, 2, 4096) == MAP_FAILED && errno == EINVAL, "region 2: errno %d", errno);
  CHECK(map_region(fd, 1, dus_size - 4096) == MAP_FAILED && errno == EINVAL, "short DUS");
  void* dus = map_region(fd, 1, dus_size);
  CHECK(dus != MAP_FAILED, "DUS: %s", strerror(errno));
  CHECK(map_region(fd, 1, dus_size) == MAP_FAILED && errno == EEXIST, "twice: errno %d", errno);
  CHECK(!ioctl(fd, START_Q), "START_Q: %s", strerror(errno));
  CHECK(ioctl(fd, START_Q) == -1 && errno == EINVAL, "START_Q twice: errno %d", errno);
  CHECK(!ioctl(fd, PUT_Q), "PUT_Q: %s", strerror(errno));
  munmap(dus, dus_size);
  close(fd);
}

static void queues_run_out(void) {
  int fds[2048], n = 0;
  long available = attr_number("available_instances");
  while (n < 2048 && (fds[n] = open_file()) >= 0) n++;
  int error = errno;
  for (int i = 0; i < n; i++) close(fds[i]);
  CHECK(error == EBUSY, "errno %d", error);
  CHECK(n == available, "%d queues, %ld were available", n, available);
}

static void polling(void) {
  struct queue q;
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in = arena, .in_len = 4096};
  struct answer a;
  open_queue(&q, kCompress);
  struct pollfd p = {.fd = q.fd, .events = POLLIN};
  r.out = arena + 65536, r.out_len = 8192;
  CHECK(poll(&p, 1, 50) == 0, "idle: %x", p.revents);
  put(&q, &r), ring_sq(&q);
  CHECK(poll(&p, 1, 30000) == 1 && (p.revents & POLLIN), "revents %x", p.revents);
  CHECK(take(&q, NULL, &a), "poll() came back without a completion");
  close_queue(&q);
}

// A private page of the process, not the shared arena: SVA takes any address.
static void any_address(void) {
  struct queue q;
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in_len = 50000};
  uint8_t *in = malloc(50000), *out = malloc(70000);
  open_queue(&q, kCompress);
  fill_text(in, 50000);
  r.in = in, r.out = out, r.out_len = 70000;
  struct answer a = run(&transport, &q, &r);
  CHECK(a.status == kStatusOk && a.consumed == 50000, "status %x", a.status);
  close_queue(&q);
  free(in);
  free(out);
}

static void start_slow_requests(struct queue* q, unsigned count) {
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in = arena};
  r.in_len = 1 << 20, r.out = arena + (2 << 20), r.out_len = 2 << 20;
  for (unsigned i = 0; i < count; i++) put(q, &r);
  ring_sq(q);
}

static void killed_in_mid_job(void) {
  long before = attr_number("available_instances");
  set_engine("job_delay_ms", 20);
  for (int round = 0; round < 5; round++) {
    int ready[2];
    char byte;
    CHECK(!pipe(ready), "%s", strerror(errno));
    pid_t child = fork();
    if (!child) {
      struct queue q;
      open_queue(&q, kCompress);
      start_slow_requests(&q, 50);
      if (write(ready[1], "x", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1, "the child could not open the device");
    close(ready[0]);
    usleep(10000 + round * 7000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    struct queue q;
    open_queue(&q, kCompress);
    close_queue(&q);
  }
  set_engine("job_delay_ms", 0);
  // The engine may hold a dead process's memory, and with it the mapped queue, until its job ends.
  long after = 0;
  for (int tries = 0; tries < 100; tries++) {
    after = attr_number("available_instances");
    if (after == before) break;
    usleep(100000);
  }
  CHECK(after == before, "%ld queues left, %ld before", after, before);
}

// mmap() of a fork child is gone (VM_DONTCOPY), the descriptor is not.
static void fork_child(void) {
  struct queue q;
  open_queue(&q, kCompress);
  pid_t child = fork();
  if (!child) {
    volatile uint8_t* ring = q.ring;
    (void)ring[0];
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", status);
  close_queue(&q);
}

static void unmapped_under_load(void) {
  struct queue q;
  struct answer a;
  unsigned done = 0, failures = 0;
  double end = now_seconds() + 60;
  open_queue(&q, kCompress);
  start_slow_requests(&q, 20);
  usleep(5000);
  munmap(arena, 1 << 20);
  while (done < 20 && now_seconds() < end) {
    if (!take(&q, NULL, &a)) {
      sleep_queue(&q);
      continue;
    }
    done++;
    failures += a.status != kStatusOk && a.status != kStatusNegative;
  }
  close_queue(&q);
  CHECK(done == 20 && failures > 15, "%u completions, %u failures", done, failures);
}

// Prints READY when another process may unload the module.
static void removed_under_load(void) {
  struct queue q;
  open_queue(&q, kCompress);
  set_engine("job_delay_ms", 20);
  start_slow_requests(&q, 500);
  printf("# READY\n");
  fflush(stdout);
  const volatile uint32_t* flags = (const volatile uint32_t*)(q.ring + dus_size - 8);
  double end = now_seconds() + 60;
  while (!flags[0]) CHECK(now_seconds() < end, "no stop word");
  CHECK(flags[1] == 1, "stop-TX %u", flags[1]);
  close_queue(&q);
  set_engine("job_delay_ms", 0);
}

int main(int argc, char** argv) {
  name = getenv("NAME");
  qm_version = getenv("QM_VERSION") ? atoi(getenv("QM_VERSION")) : 3;
  if (argc != 2 || !name) {
    fprintf(stderr, "usage: NAME=hisi_zip-0 %s main|removal\n", argv[0]);
    return 2;
  }
  make_arena();
  transport.has_raw = qm_version == 3;
  dus_size = kRingSize + getpagesize();
  mmio_size = qm_version == 3 ? 0x10000 : 0x2000;
  if (!strcmp(argv[1], "removal")) {
    run_case("device removed under load", removed_under_load);
    return tap_done();
  }
  run_case("discovery in sysfs", discovery);
  run_case("queue rules", rules);
  run_case("queues run out", queues_run_out);
  run_case("poll()", polling);
  run_case("any address of the process", any_address);
  run_case("a fork child has no mapping", fork_child);
  run_case("killed in mid-job, used again at once", killed_in_mid_job);
  run_engine_cases(&transport);
  run_case("memory unmapped under load", unmapped_under_load);
  return tap_done();
}
