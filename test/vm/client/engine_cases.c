// What the engine does with descriptors, whatever device file gave the queue.
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "zip_client.h"

enum { kText = 1 << 20 };

static const struct transport* t;
static struct queue q;

// Arena: input, output, output of the way back, context.
static uint8_t* in(void) { return arena; }
static uint8_t* out(void) { return arena + (2 << 20); }
static uint8_t* back(void) { return arena + (6 << 20); }
static uint8_t* context(void) { return arena + (10 << 20); }

static const char* name_of(int format) {
  return format == kZlib ? "zlib" : format == kGzip ? "gzip" : "raw";
}

static size_t header_size(int format) { return format == kZlib ? 2 : format == kGzip ? 10 : 0; }

static void write_header(uint8_t* to, int format) {
  static const uint8_t gzip[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  if (format == kZlib) memcpy(to, "\x78\x9c", 2);
  if (format == kGzip) memcpy(to, gzip, 10);
}

// Inflates a whole stream with the real zlib, and compares with the input.
static void check_stream(int format, const uint8_t* data, size_t size, size_t input) {
  z_stream z = {0};
  CHECK(inflateInit2(&z, format == kGzip ? 31 : format == kZlib ? 15 : -15) == Z_OK, "zlib");
  z.next_in = (Bytef*)data;
  z.avail_in = size;
  z.next_out = back();
  z.avail_out = 4 << 20;
  int ret = inflate(&z, Z_FINISH);
  size_t made = z.total_out;
  uInt rest = z.avail_in;
  inflateEnd(&z);
  CHECK(ret == Z_STREAM_END && rest == 0, "zlib says %d, %u bytes left", ret, rest);
  CHECK(made == input && !memcmp(back(), in(), input), "%zu bytes came back", made);
}

static void check_sum(const struct answer* a, int format, const uint8_t* data, size_t n) {
  uint32_t want = format == kGzip ? crc32(0, data, n) : adler32(1, data, n);
  uint32_t got = format == kGzip ? crc_of_register(a->checksum) : a->checksum;
  if (format != kRaw) CHECK(got == want, "checksum %08x, not %08x", got, want);
}

static size_t compress_whole(int format, size_t n, bool stateful) {
  size_t h = header_size(format);
  struct request r = {.format = format, .stateful = stateful, .fresh = true, .finish = true};
  memset(context(), 0, kContextSize);
  r.in = in(), r.in_len = n, r.out = out() + h, r.out_len = n + n / 8 + 300;
  r.context = context(), r.tag = 0x1000 + format;
  struct answer a = run(t, &q, &r);
  CHECK(a.status == kStatusOk || a.status == kStatusNegative, "%s: status %x", name_of(format),
        a.status);
  CHECK(a.consumed == n, "consumed %u of %zu", a.consumed, n);
  check_sum(&a, format, in(), n);
  write_header(out(), format);
  check_stream(format, out(), a.produced + h, n);
  return a.produced + h;
}

static void each_format(void (*fn)(int format)) {
  for (int format = t->has_raw ? kRaw : kZlib; format <= kGzip; format++) fn(format);
}

static void one_stateless(int format) {
  static const size_t sizes[] = {1, 100, 4096, 65536, 65537, kText};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) compress_whole(format, sizes[i], false);
}

static void stateless(void) {
  t->open_queue(&q, kCompress);
  each_format(one_stateless);
  t->close_queue(&q);
}

// As the driver compresses blocks: each request a new stream, ended by a sync flush or by FINISH.
static void one_blocks(int format) {
  size_t h = header_size(format), at = h, piece = 100000, used = 0;
  uint32_t sum = format == kGzip ? 0 : 1;
  write_header(out(), format);
  while (used < kText) {
    size_t n = used + piece < kText ? piece : kText - used;
    bool last = used + n == kText;
    struct request r = {.format = format, .stateful = true, .fresh = true, .finish = last};
    memset(context(), 0, kContextSize);
    r.in = in() + used, r.in_len = n, r.out = out() + at, r.out_len = n * 9 / 8 + 300;
    r.context = context(), r.tag = used;
    struct answer a = run(t, &q, &r);
    CHECK(a.status == kStatusOk && a.consumed == n, "status %x consumed %u", a.status, a.consumed);
    check_sum(&a, format, in() + used, n);
    at += a.produced;
    if (!last) CHECK(!memcmp(out() + at - 4, "\0\0\xff\xff", 4), "no sync flush at the end");
    used += n;
    sum = format == kGzip ? crc32_combine(sum, crc_of_register(a.checksum), n)
                          : adler32_combine(sum, a.checksum, n);
  }
  // The engine's trailer is the last block's alone.
  if (format == kZlib)
    for (int i = 0; i < 4; i++) out()[at - 4 + i] = sum >> (24 - 8 * i);
  if (format == kGzip) {
    uint32_t size = kText;
    memcpy(out() + at - 8, &sum, 4);
    memcpy(out() + at - 4, &size, 4);
  }
  check_stream(format, out(), at, kText);
}

static void blocks(void) {
  t->open_queue(&q, kCompress);
  each_format(one_blocks);
  t->close_queue(&q);
}

// One stream over many requests: window, checksum and size go on in context and descriptor.
static void one_continued(int format) {
  size_t at = header_size(format), used = 0, piece = 20000;
  struct request r = {.format = format, .stateful = true, .fresh = true, .context = context()};
  write_header(out(), format);
  memset(context(), 0, kContextSize);
  while (used < kText) {
    size_t n = used + piece < kText ? piece : kText - used;
    r.finish = used + n == kText;
    r.in = in() + used, r.in_len = n, r.out = out() + at, r.out_len = n * 9 / 8 + 300;
    struct answer a = run(t, &q, &r);
    CHECK(a.status == kStatusOk && a.consumed == n, "status %x consumed %u", a.status, a.consumed);
    at += a.produced;
    used += n;
    r.fresh = false;
  }
  check_stream(format, out(), at, kText);
}

static void continued(void) {
  t->open_queue(&q, kCompress);
  each_format(one_continued);
  t->close_queue(&q);
}

// Feeds out()[0..size) to a decompression queue in pieces; returns the last answer.
static struct answer decompress(int format, size_t size, size_t piece, size_t room, size_t* made) {
  struct request r = {.format = format, .stateful = true, .fresh = true, .context = context()};
  size_t used = header_size(format);
  struct answer a;
  int idle = 0;
  *made = 0;
  memset(context(), 0, kContextSize);
  do {
    size_t n = used + piece < size ? piece : size - used;
    r.out = back() + *made, r.out_len = room, r.in = n ? out() + used : r.out, r.in_len = n;
    a = run(t, &q, &r);
    CHECK(a.consumed <= n && a.produced <= room, "consumed %u produced %u", a.consumed, a.produced);
    if (a.status != kStatusOk && a.status != kStatusEnd) return a;
    used += a.consumed;
    *made += a.produced;
    r.fresh = false;
    CHECK(a.consumed || a.produced || ++idle < 3, "no progress at %zu of %zu", used, size);
  } while (a.status != kStatusEnd);
  CHECK(used == size && a.last_block, "end after %zu of %zu", used, size);
  return a;
}

static void one_decompress(int format) {
  static const struct {
    size_t size, piece, room;
  } shapes[] = {{kText, kText, kText},
                {300000, 1000, kText},
                {300000, kText, 5000},
                {30000, 777, 201},
                {3000, 1, 4096}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    size_t n = shapes[i].size, made;
    struct queue keep = q;
    t->open_queue(&q, kCompress);
    size_t size = compress_whole(format, n, true);
    t->close_queue(&q);
    q = keep;
    struct answer a = decompress(format, size, shapes[i].piece, shapes[i].room, &made);
    CHECK(a.status == kStatusEnd, "shape %zu: status %x", i, a.status);
    CHECK(made == n && !memcmp(back(), in(), n), "shape %zu: %zu bytes", i, made);
    check_sum(&a, format, in(), n);
  }
}

static void decompression(void) {
  t->open_queue(&q, kDecompress);
  each_format(one_decompress);
  t->close_queue(&q);
}

static void one_bad_stream(int format) {
  size_t n = 50000, made, size = 0;
  struct queue keep = q;
  t->open_queue(&q, kCompress);
  size = compress_whole(format, n, false);
  t->close_queue(&q);
  q = keep;
  if (format != kRaw) {
    out()[size - 1] ^= 1;
    struct answer a = decompress(format, size, kText, kText, &made);
    CHECK(a.status == kStatusChecksum, "wrong trailer: status %x", a.status);
    out()[size - 1] ^= 1;
  }
  memset(out() + header_size(format) + 100, 0xff, 400);
  struct answer a = decompress(format, size, kText, kText, &made);
  CHECK(a.status != kStatusOk && a.status != kStatusEnd, "garbage: status %x", a.status);
}

static void bad_streams(void) {
  t->open_queue(&q, kDecompress);
  each_format(one_bad_stream);
  t->close_queue(&q);
}

static void bad_requests(void) {
  struct request good = {.format = kZlib, .fresh = true, .finish = true, .in = in()};
  t->open_queue(&q, kCompress);
  good.in_len = 4096, good.out = out(), good.out_len = 8192, good.context = context();
  struct request r = good;
  r.out_len = 30;
  CHECK(run(t, &q, &r).status == kStatusNoSpace, "30 bytes of room");
  struct request cases[] = {good, good, good, good, good, good};
  cases[0].format = 7;
  cases[1].in_len = (8 << 20) + 1;
  cases[2].in = (void*)0x1000;  // not mapped for the device
  cases[3].out = (void*)0x1000;
  cases[4].in = arena + kArenaSize - 100;  // runs out of it
  cases[5].stateful = true, cases[5].context = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t status = run(t, &q, &cases[i]).status;
    CHECK(status != kStatusOk && status != kStatusNegative && status != kStatusEnd,
          "case %zu: status %x", i, status);
  }
  r = good;
  CHECK(run(t, &q, &r).status == kStatusOk, "the queue goes on");
  t->close_queue(&q);
}

// A stream keeps its format: amid a gzip trailer of 8 bytes, zlib's has ended long ago.
static void format_changes(void) {
  t->open_queue(&q, kCompress);
  size_t size = compress_whole(kGzip, 1000, false);
  t->close_queue(&q);
  t->open_queue(&q, kDecompress);
  for (size_t missing = 8; missing > 0; missing--) {
    size_t h = header_size(kGzip);
    memset(context(), 0, kContextSize);
    struct request r = {.format = kGzip, .stateful = true, .fresh = true, .context = context()};
    r.in = out() + h, r.in_len = size - h - missing, r.out = back(), r.out_len = 4096;
    struct answer a = run(t, &q, &r);
    CHECK(a.status == kStatusOk, "%zu bytes short: status %x", missing, a.status);
    // The engine would take all of it for the rest of the trailer.
    r.format = kZlib, r.fresh = false, r.in = in(), r.in_len = 60000;
    a = run(t, &q, &r);
    CHECK(a.status != kStatusOk && a.status != kStatusEnd && a.status != kStatusChecksum,
          "%zu bytes short: status %x", missing, a.status);
  }
  t->close_queue(&q);
}

// Many laps of both rings, in batches of every size: one doorbell each.
static void batches(void) {
  struct request r = {.format = kZlib, .fresh = true, .finish = true, .in = in(), .in_len = 64};
  unsigned sent = 0, done = 0, size = 1;
  double end = now_seconds() + 120;
  t->open_queue(&q, kCompress);
  r.out_len = 300;
  while (done < 5 * kDepth) {
    struct answer a;
    bool idle = true;
    if (sent < 5 * kDepth && sent + size - done < kDepth) {
      for (unsigned i = 0; i < size; i++) {
        r.tag = sent;
        r.out = out() + sent++ % kDepth * 512;
        put(&q, &r);
      }
      ring_sq(&q);
      size = size % 63 + 1;
      idle = false;
    }
    while (take(&q, NULL, &a)) {
      CHECK(a.status == kStatusOk || a.status == kStatusNegative, "status %x", a.status);
      CHECK(a.tag == done, "tag %u, not %u", a.tag, done);
      done++;
      idle = false;
    }
    CHECK(now_seconds() < end, "%u of %u done", done, sent);
    if (idle) t->sleep(&q);
  }
  t->close_queue(&q);
}

// Two queues of one process at once, one per direction.
static void both_directions(void) {
  struct queue c, d;
  size_t h = header_size(kGzip);
  t->open_queue(&c, kCompress);
  t->open_queue(&d, kDecompress);
  CHECK(c.number != d.number, "both queues are number %u", c.number);
  for (int i = 0; i < 20; i++) {
    struct request r = {.format = kGzip, .fresh = true, .finish = true, .in = in()};
    r.in_len = 10000 + i * 1000, r.out = out() + h, r.out_len = 65536;
    struct answer a = run(t, &c, &r);
    struct request u = {.format = kGzip, .fresh = true, .in = out() + h, .in_len = a.produced};
    u.out = back(), u.out_len = 65536;
    a = run(t, &d, &u);
    CHECK(a.status == kStatusOk || a.status == kStatusEnd, "status %x", a.status);
    CHECK(a.produced == r.in_len && !memcmp(back(), in(), r.in_len), "%u bytes", a.produced);
  }
  t->close_queue(&c);
  t->close_queue(&d);
}

void run_engine_cases(const struct transport* transport) {
  t = transport;
  fill_text(in(), kText);
  run_case("stateless compression, every format and size", stateless);
  run_case("blocks with sync flush and finish", blocks);
  run_case("one stream over many requests", continued);
  run_case("decompression in pieces", decompression);
  run_case("wrong trailers and garbage are reported", bad_streams);
  run_case("bad requests are refused, and the queue goes on", bad_requests);
  run_case("a stream cannot change its format", format_changes);
  run_case("batches over many laps of the rings", batches);
  run_case("two directions at once", both_directions);
}
