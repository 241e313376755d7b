// The user side of the spimdev ABI by raw ioctls, on the real /dev/vfio.
//   spimdev_conformance main      as the user that owns the group
//   spimdev_conformance removal   as root: takes the mediated device away under load
// Environment: PARENT = parent device in sysfs, UUID = mediated device.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../native/kernel/spimdev_uapi.h"
#include "zip_client.h"

static const char *parent, *uuid;
static int container = -1, group = -1, device = -1;
static unsigned qm_version;

static void read_attr(char* out, size_t size, const char* format, const char* a, const char* b) {
  char path[512];
  snprintf(path, sizeof path, format, a, b);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0, "%s: %s", path, strerror(errno));
  ssize_t n = read(fd, out, size - 1);
  close(fd);
  CHECK(n >= 0, "%s: %s", path, strerror(errno));
  out[n] = 0;
  while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' ')) out[--n] = 0;
}

static int write_attr(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int result = write(fd, text, strlen(text)) < 0 ? errno : 0;
  close(fd);
  return result;
}

static void set_engine(const char* name, int value) {
  char path[256], text[16];
  snprintf(path, sizeof path, "/sys/module/hisi_zip_sim/parameters/%s", name);
  snprintf(text, sizeof text, "%d", value);
  int error = write_attr(path, text);
  CHECK(!error, "%s: %s", path, strerror(error));
}

static int group_path(char* out, size_t size) {
  char path[300], link[300];
  snprintf(path, sizeof path, "/sys/bus/mdev/devices/%s/iommu_group", uuid);
  ssize_t n = readlink(path, link, sizeof link - 1);
  if (n < 0) return errno;
  link[n] = 0;
  snprintf(out, size, "/dev/vfio/%s", strrchr(link, '/') + 1);
  return 0;
}

static int map_arena(void) {
  struct vfio_iommu_type1_dma_map map = {.argsz = sizeof map,
                                         .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
                                         .vaddr = (uintptr_t)arena,
                                         .iova = (uintptr_t)arena,
                                         .size = kArenaSize};
  return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? errno : 0;
}

static int unmap_arena(void) {
  struct vfio_iommu_type1_dma_unmap unmap = {
      .argsz = sizeof unmap, .iova = (uintptr_t)arena, .size = kArenaSize};
  return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno : 0;
}

// The whole open sequence. Returns an errno, so that a busy device can be told.
static int open_device(void) {
  struct vfio_group_status status = {.argsz = sizeof status};
  char path[64];
  int error = group_path(path, sizeof path);
  if (error) return error;
  group = open(path, O_RDWR | O_CLOEXEC);
  if (group < 0) return errno;
  container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
  if (container < 0) return errno;
  if (ioctl(container, VFIO_GET_API_VERSION) != VFIO_API_VERSION) return EPROTO;
  if (ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU) <= 0) return EPROTO;
  if (ioctl(group, VFIO_GROUP_GET_STATUS, &status)) return errno;
  if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) return EPROTO;
  if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container)) return errno;
  if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)) return errno;
  device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
  if (device < 0) return errno;
  return map_arena();
}

static void close_device(void) {
  close(device);
  close(container);
  close(group);
}

static void map_queue(struct queue* q) {
  uint8_t* page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, 0);
  CHECK(page != MAP_FAILED, "registers: %s", strerror(errno));
  q->ring = mmap(NULL, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, getpagesize());
  CHECK(q->ring != MAP_FAILED, "rings: %s", strerror(errno));
  memcpy(&q->number, q->ring, 4);
  memcpy(&q->version, q->ring + 4, 4);
  CHECK(q->version == qm_version, "QM version %u, not %u", q->version, qm_version);
  memset(q->ring, 0, 8);
  q->doorbell = (volatile uint64_t*)(page + (q->version == 1 ? 0x340 : 0));
  queue_reset(q);
}

static void open_queue(struct queue* q, int direction) {
  q->fd = ioctl(device, SPIMDEV_CMD_GET_Q, 0UL);
  CHECK(q->fd >= 0, "GET_Q: %s", strerror(errno));
  map_queue(q);
  if (direction != kCompress)
    CHECK(!ioctl(q->fd, HISI_QM_SET_OPTYPE, (unsigned long)direction), "%s", strerror(errno));
}

static void close_queue(struct queue* q) {
  munmap((void*)((uintptr_t)q->doorbell & ~(uintptr_t)(getpagesize() - 1)), getpagesize());
  munmap(q->ring, kRingSize);
  close(q->fd);
}

static void sleep_queue(struct queue* q) { ioctl(q->fd, SPIMDEV_CMD_WAIT, 100UL); }

static const struct transport kTransport = {open_queue, close_queue, sleep_queue, false};

static void discovery(void) {
  char text[256], type[300] = "";
  read_attr(text, sizeof text, "%s/%s/iommu_type", parent,
            qm_version == 1 ? "params" : "spimdev_para");
  CHECK(!strcmp(text, "1"), "iommu_type %s", text);
  read_attr(text, sizeof text, "%s/%s/dma_flag", parent,
            qm_version == 1 ? "params" : "spimdev_para");
  CHECK(!strcmp(text, "1"), "dma_flag %s", text);
  snprintf(text, sizeof text, "%s/mdev_supported_types", parent);
  DIR* dir = opendir(text);
  CHECK(dir, "%s: %s", text, strerror(errno));
  int types = 0;
  for (struct dirent* e; (e = readdir(dir));) {
    if (e->d_name[0] == '.') continue;
    types++;
    CHECK(!strncmp(e->d_name, "hisi_zip-", 9), "type %s", e->d_name);
    snprintf(type, sizeof type, "mdev_supported_types/%s", e->d_name);
    char got[64];
    snprintf(text, sizeof text, "%s/%s", parent, type);
    read_attr(got, sizeof got, "%s/%s", text, "name");
    CHECK(!strcmp(got, e->d_name + 9), "name %s of %s", got, e->d_name);
    read_attr(got, sizeof got, "%s/%s", text, "device_api");
    CHECK(!strcmp(got, qm_version == 1 ? "hisi_qm_v1" : "hisi_qm_v2"), "api %s", got);
    read_attr(got, sizeof got, "%s/%s", text, "flags");
    CHECK(!strcmp(got, "0"), "flags %s", got);
    read_attr(got, sizeof got, "%s/%s", text, "available_instances");
    CHECK(atoi(got) > 0, "available_instances %s", got);
  }
  closedir(dir);
  CHECK(types == (qm_version == 1 ? 1 : 2), "%d types", types);
}

static void get_q_variants(void) {
  int fd = ioctl(device, SPIMDEV_CMD_GET_Q_IO, 0UL);
  CHECK(fd >= 0, "0x5701: %s", strerror(errno));
  CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC, "not O_CLOEXEC");
  close(fd);
  CHECK(ioctl(device, SPIMDEV_CMD_GET_Q, 7UL) == -1 && errno == EINVAL, "PASID 7: errno %d", errno);
  CHECK(ioctl(device, SPIMDEV_CMD_GET_Q_IO, 9UL) == -1 && errno == EINVAL, "index 9: %d", errno);
  CHECK(ioctl(device, 0x5799, 0UL) == -1 && errno == EINVAL, "unknown: errno %d", errno);
  fd = ioctl(device, SPIMDEV_CMD_GET_Q, 0UL);
  CHECK(ioctl(fd, HISI_QM_SET_OPTYPE, 2UL) == -1 && errno == EINVAL, "type 2: errno %d", errno);
  CHECK(ioctl(fd, 0x5799, 0UL) == -1 && errno == EINVAL, "unknown on queue: errno %d", errno);
  close(fd);
}

static void mapping_rules(void) {
  int fd = ioctl(device, SPIMDEV_CMD_GET_Q, 0UL), page = getpagesize();
  static const struct {
    int region, flags;
    size_t size;
  } bad[] = {{2, MAP_SHARED, 4096},
             {0, MAP_SHARED, 8192},
             {1, MAP_SHARED, kRingSize + 4096},
             {1, MAP_PRIVATE, 4096}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    void* p = mmap(NULL, bad[i].size, PROT_READ | PROT_WRITE, bad[i].flags, fd,
                   (off_t)bad[i].region * page);
    CHECK(p == MAP_FAILED && errno == EINVAL, "mapping %zu: errno %d", i, errno);
  }
  void* ring = mmap(NULL, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page);
  CHECK(ring != MAP_FAILED, "%s", strerror(errno));
  close(fd);
  // The queue is gone, its memory stays while it is mapped.
  memset(ring, 1, kRingSize);
  munmap(ring, kRingSize);
}

static void queues_run_out(void) {
  int fds[2048], n = 0;
  char text[32];
  read_attr(text, sizeof text, "%s/mdev_supported_types/%s/available_instances", parent,
            qm_version == 1 ? "hisi_zip-hisi_zip" : "hisi_zip-gzip");
  int available = atoi(text);
  while (n < 2048 && (fds[n] = ioctl(device, SPIMDEV_CMD_GET_Q, 0UL)) >= 0) n++;
  int error = errno;
  for (int i = 0; i < n; i++) close(fds[i]);
  CHECK(error == ENODEV, "errno %d", error);
  CHECK(n == available, "%d queues, %d were available", n, available);
}

static void waiting(void) {
  struct queue q;
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in = arena, .in_len = 4096};
  struct answer a;
  struct pollfd p;
  open_queue(&q, kCompress);
  r.out = arena + 65536, r.out_len = 8192;
  CHECK(ioctl(q.fd, SPIMDEV_CMD_WAIT, 100UL) == 0, "WAIT on an idle queue");
  put(&q, &r), ring_sq(&q);
  CHECK(ioctl(q.fd, SPIMDEV_CMD_WAIT, 30000UL) > 0, "WAIT with a limit: no jiffies left");
  CHECK(take(&q, NULL, &a), "WAIT came back without a completion");
  put(&q, &r), ring_sq(&q);
  CHECK(ioctl(q.fd, SPIMDEV_CMD_WAIT, 0UL) == 0, "WAIT without a limit");
  CHECK(take(&q, NULL, &a), "WAIT came back without a completion");
  p = (struct pollfd){.fd = q.fd, .events = POLLIN};
  CHECK(poll(&p, 1, 50) == 0, "poll() on an idle queue: %x", p.revents);
  put(&q, &r), ring_sq(&q);
  CHECK(poll(&p, 1, 30000) == 1 && p.revents == POLLIN, "poll(): %x", p.revents);
  CHECK(take(&q, NULL, &a), "poll() came back without a completion");
  close_queue(&q);
}

static void wait_as_in_the_rfc(void) {
  struct queue q;
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in = arena, .in_len = 4096};
  struct answer a;
  set_engine("completion_wakes", 0);
  open_queue(&q, kCompress);
  r.out = arena + 65536, r.out_len = 8192;
  put(&q, &r), ring_sq(&q);
  long left = ioctl(q.fd, SPIMDEV_CMD_WAIT, 300UL);
  bool done = take(&q, NULL, &a);
  set_engine("completion_wakes", 1);
  close_queue(&q);
  CHECK(left == 0, "WAIT returned %ld", left);
  CHECK(done, "no completion in the ring");
}

static void group_is_exclusive(void) {
  char path[64];
  group_path(path, sizeof path);
  pid_t child = fork();
  if (!child) _exit(open(path, O_RDWR) >= 0 ? 0 : errno);
  int status;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == EBUSY, "another process opening %s: errno %d", path,
        WEXITSTATUS(status));
}

// Starts requests that take their time; the caller ends them some other way.
static void start_slow_requests(struct queue* q, unsigned count) {
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in = arena};
  r.in_len = 1 << 20, r.out = arena + (2 << 20), r.out_len = 2 << 20;
  for (unsigned i = 0; i < count; i++) put(q, &r);
  ring_sq(q);
}

static void killed_in_mid_job(void) {
  set_engine("job_delay_ms", 20);
  for (int round = 0; round < 5; round++) {
    int ready[2];
    char byte;
    CHECK(!pipe(ready), "%s", strerror(errno));
    pid_t child = fork();
    if (!child) {
      struct queue q;
      if (open_device()) _exit(1);
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
    // At once, without waiting for anything.
    int error = open_device();
    CHECK(!error, "round %d: %s", round, strerror(error));
    struct queue q;
    open_queue(&q, kCompress);
    close_queue(&q);
    close_device();
  }
  set_engine("job_delay_ms", 0);
}

static void unmapped_under_load(void) {
  struct queue q;
  struct answer a;
  unsigned done = 0, failures = 0;
  double end = now_seconds() + 60;
  open_queue(&q, kCompress);
  start_slow_requests(&q, 40);
  usleep(5000);
  int error = unmap_arena();
  while (done < 40 && now_seconds() < end) {
    if (!take(&q, NULL, &a)) {
      sleep_queue(&q);
      continue;
    }
    done++;
    failures += a.status != kStatusOk && a.status != kStatusNegative;
  }
  close_queue(&q);
  int mapped = map_arena();
  CHECK(!error && !mapped, "unmap: %d, map: %d", error, mapped);
  CHECK(done == 40, "%u completions", done);
  CHECK(failures > 30, "%u failures", failures);
}

static void removed_under_load(void) {
  char path[300];
  struct queue q;
  int error = open_device();
  CHECK(!error, "%s", strerror(error));
  open_queue(&q, kCompress);
  set_engine("job_delay_ms", 20);
  start_slow_requests(&q, 500);
  snprintf(path, sizeof path, "/sys/bus/mdev/devices/%s/remove", uuid);
  pid_t child = fork();
  if (!child) {
    close_device();
    close(q.fd);
    _exit(write_attr(path, "1"));
  }
  double start = now_seconds();
  while (ioctl(q.fd, SPIMDEV_CMD_WAIT, 1000UL) >= 0) CHECK(now_seconds() < start + 30, "no notice");
  CHECK(errno == ENODEV, "WAIT: %s", strerror(errno));
  struct pollfd p = {.fd = q.fd, .events = POLLIN};
  CHECK(poll(&p, 1, 1000) == 1 && (p.revents & POLLHUP), "poll(): %x", p.revents);
  close_queue(&q);
  close_device();
  int status;
  waitpid(child, &status, 0);
  set_engine("job_delay_ms", 0);
  CHECK(WEXITSTATUS(status) == 0, "remove: %s", strerror(WEXITSTATUS(status)));
  CHECK(access(path, F_OK), "the mediated device is still there");
}

static void open_main(void) {
  int error = open_device();
  CHECK(!error, "%s", strerror(error));
}

int main(int argc, char** argv) {
  parent = getenv("PARENT");
  uuid = getenv("UUID");
  qm_version = getenv("QM_VERSION") ? atoi(getenv("QM_VERSION")) : 2;
  if (argc != 2 || !parent || !uuid) {
    fprintf(stderr, "usage: PARENT=... UUID=... %s main|removal\n", argv[0]);
    return 2;
  }
  make_arena();
  if (!strcmp(argv[1], "removal")) {
    run_case("mediated device removed under load", removed_under_load);
    return tap_done();
  }
  run_case("discovery in sysfs", discovery);
  run_case("killed in mid-job, used again at once", killed_in_mid_job);
  run_case("open sequence", open_main);
  run_case("GET_Q: variants, arguments, errors", get_q_variants);
  run_case("mapping rules", mapping_rules);
  run_case("queues run out", queues_run_out);
  run_case("WAIT and poll()", waiting);
  run_case("WAIT that no completion ends", wait_as_in_the_rfc);
  run_case("the group has one user", group_is_exclusive);
  run_engine_cases(&kTransport);
  run_case("memory unmapped under load", unmapped_under_load);
  close_device();
  return tap_done();
}
