// SPDX-License-Identifier: GPL-2.0
/*
 * Decompression with the kernel's zlib.
 *
 * Silicon keeps all state of a stream in its context buffer. Here the buffer
 * holds only a random name: zlib's state has kernel pointers in it, which must
 * never come back from memory that a process can write. The states of a device
 * are bounded; the one that rested longest is given up, and the next request of
 * its stream is then a bad request.
 */
#include <asm/unaligned.h>
#include <linux/crc32.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/zutil.h>
#include "qm_sim.h"

#define ZIP_MAX_STREAMS 256

enum zip_part { ZIP_IN_BODY, ZIP_IN_TRAILER, ZIP_AFTER_END };

struct zip_stream {
	struct list_head node;	/* on qm_device.streams while no request runs */
	u64 name;
	z_stream z;
	enum zip_format format;	/* of the first request, and so of all */
	enum zip_part part;
	u8 trailer[8];
	u32 ntrailer;
	u32 sum, total;		/* of the output */
};

static void zip_stream_free(struct zip_stream *s)
{
	if (!s)
		return;
	vfree(s->z.workspace);
	kfree(s);
}

static struct zip_stream *zip_stream_new(enum zip_format format)
{
	struct zip_stream *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->z.workspace = vzalloc(zlib_inflate_workspacesize());
	if (!s->z.workspace || zlib_inflateInit2(&s->z, -MAX_WBITS) != Z_OK) {
		zip_stream_free(s);
		return NULL;
	}
	do {
		s->name = get_random_u64();
	} while (!s->name);
	s->format = format;
	s->sum = format == ZIP_ZLIB ? 1 : 0;
	return s;
}

void zip_streams_free(struct qm_device *dev)
{
	struct zip_stream *s, *next;

	list_for_each_entry_safe(s, next, &dev->streams, node)
		zip_stream_free(s);
}

/* Takes the stream off the list: no two requests can have it. */
static struct zip_stream *zip_stream_take(struct qm_device *dev, u64 name)
{
	struct zip_stream *s, *found = NULL;

	mutex_lock(&dev->lock);
	list_for_each_entry(s, &dev->streams, node) {
		if (s->name == name) {
			found = s;
			list_del(&s->node);
			dev->nstreams--;
			break;
		}
	}
	mutex_unlock(&dev->lock);
	return found;
}

static void zip_stream_rest(struct qm_device *dev, struct zip_stream *s)
{
	struct zip_stream *oldest = NULL;

	mutex_lock(&dev->lock);
	list_add_tail(&s->node, &dev->streams);
	if (++dev->nstreams > ZIP_MAX_STREAMS) {
		oldest = list_first_entry(&dev->streams, struct zip_stream, node);
		list_del(&oldest->node);
		dev->nstreams--;
	}
	mutex_unlock(&dev->lock);
	zip_stream_free(oldest);
}

static u32 zip_trailer_size(enum zip_format format)
{
	return format == ZIP_ZLIB ? 4 : format == ZIP_GZIP ? 8 : 0;
}

static int zip_check_trailer(struct zip_stream *s, enum zip_format format)
{
	if (format == ZIP_ZLIB && get_unaligned_be32(s->trailer) != s->sum)
		return ZIP_BAD_CHECKSUM;
	if (format == ZIP_GZIP && (get_unaligned_le32(s->trailer) != s->sum ||
				   get_unaligned_le32(s->trailer + 4) != s->total))
		return ZIP_BAD_CHECKSUM;
	return ZIP_OK;
}

/* Gives one piece of decompressed data out, and counts it. */
static int zip_output(struct zip_request *r, struct zip_stream *s, u32 n)
{
	if (r->format == ZIP_ZLIB)
		s->sum = zlib_adler32(s->sum, r->q->out, n);
	else if (r->format == ZIP_GZIP)
		s->sum = ~crc32_le(~s->sum, r->q->out, n);
	s->total += n;
	return zip_emit(r, r->q->out, n);
}

/*
 * Runs zlib over the input at z.next_in until that, or the output, is used up.
 * zlib goes on behind the last byte of output, so it sees an end of the stream
 * that needs no more room.
 */
static int zip_inflate(struct zip_request *r, struct zip_stream *s)
{
	int ret, status;
	u32 room;

	do {
		if (READ_ONCE(r->q->stopping))
			return ZIP_ABORTED;
		room = min(r->room - r->produced, QM_CHUNK);
		s->z.next_out = r->q->out;
		s->z.avail_out = room;
		ret = zlib_inflate(&s->z, Z_SYNC_FLUSH);
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR)
			return ZIP_BAD_DATA;
		status = zip_output(r, s, room - s->z.avail_out);
		if (status)
			return status;
		cond_resched();
	} while (ret == Z_OK && !s->z.avail_out && r->produced < r->room);
	if (ret == Z_STREAM_END)
		s->part = ZIP_IN_TRAILER;
	return ZIP_OK;
}

/* One chunk of input: body, then trailer. Adds to r->consumed what was used. */
static int zip_chunk(struct zip_request *r, struct zip_stream *s, u8 *in, u32 n)
{
	u32 want, take;
	int status;

	s->z.next_in = in;
	s->z.avail_in = n;
	if (s->part == ZIP_IN_BODY) {
		status = zip_inflate(r, s);
		if (status)
			return status;
	}
	if (s->part == ZIP_IN_TRAILER) {
		want = zip_trailer_size(r->format);
		take = min(want - s->ntrailer, (u32)s->z.avail_in);
		memcpy(s->trailer + s->ntrailer, s->z.next_in, take);
		s->ntrailer += take;
		s->z.avail_in -= take;
		if (s->ntrailer == want) {
			s->part = ZIP_AFTER_END;
			status = zip_check_trailer(s, r->format);
			if (status)
				return status;
		}
	}
	r->consumed += n - s->z.avail_in;
	return ZIP_OK;
}

static int zip_decode(struct zip_request *r, struct zip_stream *s)
{
	bool full = false;
	u32 n;
	int status;

	do {
		n = min(r->length - r->consumed, QM_CHUNK);
		status = zip_read(r, r->source + r->consumed, r->q->in, n);
		if (!status)
			status = zip_chunk(r, s, r->q->in, n);
		if (status)
			return status;
		full = s->part == ZIP_IN_BODY && r->produced == r->room;
	} while (s->part != ZIP_AFTER_END && !full && r->consumed < r->length);

	r->dw[ZIP_CTX0] = s->z.data_type & 64 ? ZIP_CTX0_BFINAL : 0;
	if (full)
		r->dw[ZIP_CTX0] |= s->z.data_type & 64 ? ZIP_CTX_LAST_NO_SPACE : ZIP_CTX_NO_SPACE;
	else if (s->part == ZIP_IN_BODY && s->z.data_type & 128)
		r->dw[ZIP_CTX0] |= ZIP_CTX_BLOCK_NOT_STARTED;
	r->dw[ZIP_CTX1] = 0;
	r->dw[ZIP_CTX2] = min(s->total, 32768u);
	r->dw[ZIP_ISIZE] = s->total;
	r->dw[ZIP_CHECKSUM] = r->format == ZIP_GZIP ? zip_crc_register(s->sum) : s->sum;
	if (s->part == ZIP_AFTER_END)
		r->dw[ZIP_STATUS] |= ZIP_LAST_BLOCK;
	return ZIP_OK;
}

static int zip_decompress_whole(struct zip_request *r)
{
	struct zip_stream *s = zip_stream_new(r->format);
	int status;

	if (!s)
		return ZIP_BAD_REQUEST;
	status = zip_decode(r, s);
	if (!status && s->part != ZIP_AFTER_END)
		status = r->produced == r->room ? ZIP_NO_SPACE : ZIP_BAD_DATA;
	zip_stream_free(s);
	return status;
}

int zip_decompress(struct zip_request *r)
{
	struct qm_device *dev = r->q->dev;
	struct zip_stream *s;
	u64 name = 0;
	int status;

	if (!r->stateful)
		return zip_decompress_whole(r);
	/* A new stream takes the place of what the context held before. */
	status = zip_read(r, r->context, &name, sizeof(name));
	if (status)
		return status;
	s = name ? zip_stream_take(dev, name) : NULL;
	if (r->fresh) {
		zip_stream_free(s);
		s = zip_stream_new(r->format);
		if (s && r->q->ops->dma(r->q, r->context, &s->name, sizeof(s->name), true)) {
			zip_stream_free(s);
			return ZIP_BUS_ERROR;
		}
	}
	if (!s)
		return ZIP_BAD_REQUEST;
	/* Another format has a trailer of another size: what is read of one may not fit. */
	if (s->part == ZIP_AFTER_END || s->format != r->format)
		status = ZIP_BAD_REQUEST;
	else
		status = zip_decode(r, s);
	if (!status && s->part == ZIP_AFTER_END)
		status = ZIP_STREAM_END;
	if (status && status != ZIP_STREAM_END)
		zip_stream_free(s);
	else
		zip_stream_rest(dev, s);
	return status;
}
