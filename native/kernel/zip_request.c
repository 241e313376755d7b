// SPDX-License-Identifier: GPL-2.0
/* Checks of a descriptor before the codec runs, and its way to the data. */
#include <linux/bitrev.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "qm_sim.h"

/* Of stateful requests; smaller ones need the driver's own buffer (UADK). */
#define ZIP_MIN_STATEFUL_ROOM	201
/* At or below, silicon ignores a request. */
#define ZIP_MIN_ROOM		17

static u64 zip_address(const u32 *dw, enum zip_dword low)
{
	return dw[low] | (u64)dw[low + 1] << 32;
}

u32 zip_crc_register(u32 crc)
{
	return ~bitrev32(crc);
}

int zip_read(struct zip_request *r, u64 addr, void *buf, size_t len)
{
	if (READ_ONCE(r->q->stopping))
		return ZIP_ABORTED;
	return len && r->q->ops->dma(r->q, addr, buf, len, false) ? ZIP_BUS_ERROR : ZIP_OK;
}

int zip_emit(struct zip_request *r, const void *buf, size_t len)
{
	if (len > r->room - r->produced)
		return ZIP_NO_SPACE;
	if (len && r->q->ops->dma(r->q, r->dest + r->produced, (void *)buf, len, true))
		return ZIP_BUS_ERROR;
	r->produced += len;
	return ZIP_OK;
}

/* What silicon would refuse, and what no driver may ask it. */
static bool zip_request_valid(const struct zip_request *r)
{
	const u32 *dw = r->dw;
	u32 type = r->q->dev->version >= 3 ? 3 : 0;
	u32 buffer_type = dw[ZIP_REQUEST] >> 8 & 0xf, window = dw[ZIP_REQUEST] >> 12 & 0xf;

	if (dw[ZIP_CONTROL] >> 28 != type || dw[ZIP_CONTROL] & GENMASK(24, 0))
		return false;
	if (dw[ZIP_REQUEST] >> 16 || buffer_type || window > 4)
		return false;
	if (r->format < (type ? ZIP_RAW : ZIP_ZLIB) || r->format > ZIP_GZIP)
		return false;
	if (r->length > ZIP_MAX_LENGTH || r->room > ZIP_MAX_LENGTH)
		return false;
	if (r->room < (r->stateful ? ZIP_MIN_STATEFUL_ROOM : ZIP_MIN_ROOM))
		return false;
	if (!r->source || !r->dest || (r->stateful && !r->context))
		return false;
	return r->stateful || r->length;
}

int zip_run(struct qm_queue *q, u32 dw[ZIP_DWORDS])
{
	struct zip_request r = { .q = q };
	int status;

	memcpy(r.dw, dw, sizeof(r.dw));
	r.source = zip_address(dw, ZIP_SOURCE);
	r.dest = zip_address(dw, ZIP_DEST);
	r.context = zip_address(dw, ZIP_CONTEXT);
	r.length = dw[ZIP_INPUT_LENGTH];
	r.room = dw[ZIP_OUTPUT_ROOM];
	r.format = dw[ZIP_REQUEST] & 0xff;
	r.stateful = dw[ZIP_CONTROL] & ZIP_STATEFUL;
	/* Bits 27:24 mean nothing to a stateless request, which is always whole. */
	r.fresh = !r.stateful || dw[ZIP_CONTROL] & ZIP_NEW;
	r.finish = !r.stateful || dw[ZIP_CONTROL] & ZIP_FINISH;
	r.dw[ZIP_STATUS] = 0;

	if (!zip_request_valid(&r))
		status = ZIP_BAD_REQUEST;
	else if (q->type == QM_COMPRESS)
		status = zip_compress(&r);
	else
		status = zip_decompress(&r);
	if (status == ZIP_ABORTED)
		return status;

	r.dw[ZIP_CONSUMED] = r.consumed;
	r.dw[ZIP_PRODUCED] = r.produced;
	r.dw[ZIP_COMP_DATA] = 0;
	r.dw[ZIP_STATUS] |= status;
	memcpy(dw, r.dw, sizeof(r.dw));
	return status;
}
