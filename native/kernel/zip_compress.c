// SPDX-License-Identifier: GPL-2.0
/* Compression with the kernel's zlib. The body is the same for all formats. */
#include <asm/unaligned.h>
#include <linux/crc32.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/zutil.h>
#include "qm_sim.h"

#define ZIP_WINDOW 32768u

struct zip_deflate {
	struct zip_request *r;
	z_stream z;
	u32 sum;	/* adler32, or crc32 as in a gzip trailer */
};

/* Takes all of z.next_in; to the output, or to nowhere when the window is primed. */
static int zip_deflate(struct zip_deflate *d, int flush, bool discard)
{
	struct qm_queue *q = d->r->q;
	int ret, status;

	do {
		if (READ_ONCE(q->stopping))
			return ZIP_ABORTED;
		d->z.next_out = q->out;
		d->z.avail_out = QM_CHUNK;
		ret = zlib_deflate(&d->z, flush);
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR)
			return ZIP_BAD_REQUEST;
		if (!discard) {
			status = zip_emit(d->r, q->out, QM_CHUNK - d->z.avail_out);
			if (status)
				return status;
		}
		cond_resched();
	} while (!d->z.avail_out);
	return ZIP_OK;
}

/* The window of earlier requests: compressed to nowhere, up to a byte boundary. */
static int zip_prime(struct zip_deflate *d)
{
	u32 length = d->r->dw[ZIP_CTX2] & 0xffff;
	int status;

	if (length > ZIP_WINDOW)
		return ZIP_BAD_REQUEST;
	status = zip_read(d->r, d->r->context + ZIP_CTX_WINDOW, d->r->q->in, length);
	if (status)
		return status;
	d->z.next_in = d->r->q->in;
	d->z.avail_in = length;
	return length ? zip_deflate(d, Z_SYNC_FLUSH, true) : ZIP_OK;
}

/* Leaves the last 32 KiB of the stream in the context for the next request. */
static int zip_keep_window(struct zip_request *r)
{
	u32 had = r->fresh ? 0 : r->dw[ZIP_CTX2] & 0xffff;
	u32 take = min(r->length, ZIP_WINDOW), keep = min(had, ZIP_WINDOW - take);
	u8 *buf = r->q->in;	/* 64 KiB */
	int status;

	status = zip_read(r, r->context + ZIP_CTX_WINDOW + had - keep, buf, keep);
	if (!status)
		status = zip_read(r, r->source + r->length - take, buf + keep, take);
	if (status)
		return status;
	if (r->q->ops->dma(r->q, r->context + ZIP_CTX_WINDOW, buf, keep + take, true))
		return ZIP_BUS_ERROR;
	r->dw[ZIP_CTX0] = 0;
	r->dw[ZIP_CTX1] = 0;
	r->dw[ZIP_CTX2] = keep + take;
	return ZIP_OK;
}

static int zip_body(struct zip_deflate *d)
{
	struct zip_request *r = d->r;
	int status;

	do {
		u32 n = min(r->length - r->consumed, QM_CHUNK);
		bool last = r->consumed + n == r->length;

		status = zip_read(r, r->source + r->consumed, r->q->in, n);
		if (status)
			return status;
		if (r->format == ZIP_ZLIB)
			d->sum = zlib_adler32(d->sum, r->q->in, n);
		else if (r->format == ZIP_GZIP)
			d->sum = ~crc32_le(~d->sum, r->q->in, n);
		r->consumed += n;
		d->z.next_in = r->q->in;
		d->z.avail_in = n;
		status = zip_deflate(d, !last ? Z_NO_FLUSH : r->finish ? Z_FINISH : Z_SYNC_FLUSH,
				     false);
		if (status)
			return status;
	} while (r->consumed < r->length);
	return ZIP_OK;
}

static int zip_trailer(struct zip_deflate *d, u32 isize)
{
	u8 trailer[8];

	if (d->r->format == ZIP_ZLIB) {
		put_unaligned_be32(d->sum, trailer);
		return zip_emit(d->r, trailer, 4);
	}
	if (d->r->format == ZIP_GZIP) {
		put_unaligned_le32(d->sum, trailer);
		put_unaligned_le32(isize, trailer + 4);
		return zip_emit(d->r, trailer, 8);
	}
	return ZIP_OK;
}

int zip_compress(struct zip_request *r)
{
	struct zip_deflate d = { .r = r, .z.workspace = r->q->deflate_work };
	u32 isize = r->fresh ? 0 : r->dw[ZIP_ISIZE];
	int status;

	if (zlib_deflateInit2(&d.z, zip_level, Z_DEFLATED, -MAX_WBITS, DEF_MEM_LEVEL,
			      Z_DEFAULT_STRATEGY) != Z_OK)
		return ZIP_BAD_REQUEST;
	if (!r->fresh)
		d.sum = r->format == ZIP_GZIP ? zip_crc_register(r->dw[ZIP_CHECKSUM]) :
						r->dw[ZIP_CHECKSUM];
	else
		d.sum = r->format == ZIP_ZLIB ? 1 : 0;

	status = r->fresh ? ZIP_OK : zip_prime(&d);
	if (!status)
		status = zip_body(&d);
	isize += r->length;
	if (!status && r->finish)
		status = zip_trailer(&d, isize);
	if (!status && r->stateful && !r->finish)
		status = zip_keep_window(r);
	if (status)
		return status;
	r->dw[ZIP_ISIZE] = isize;
	r->dw[ZIP_CHECKSUM] = r->format == ZIP_GZIP ? zip_crc_register(d.sum) : d.sum;
	return r->produced >= r->length && r->length ? ZIP_NEGATIVE : ZIP_OK;
}
