/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors of the HiSilicon ZIP engine: 128 bytes = 32 little-endian dwords.
 * type 0 belongs to QM V1 and V2 (HIP08), type 3 to V3 (HIP09); they differ in
 * the place of the tag. Results are written into the same dwords.
 */
#ifndef ZIP_SQE_H
#define ZIP_SQE_H

#include <linux/bits.h>
#include <linux/types.h>

#define ZIP_SQE_SIZE	128
#define ZIP_CQE_SIZE	16

enum zip_dword {
	ZIP_CONSUMED = 0,	/* R: input used */
	ZIP_PRODUCED = 1,	/* R: output made */
	ZIP_COMP_DATA = 2,	/* R */
	ZIP_STATUS = 3,		/* R: [7:0] status, [8] last block */
	ZIP_INPUT_LENGTH = 4,
	ZIP_CONTROL = 7,	/* [25] finish [26] stateful [27] new [31:28] type */
	ZIP_REQUEST = 9,	/* [7:0] format [11:8] buffer [15:12] window */
	ZIP_TAG_T0 = 13,
	ZIP_OUTPUT_ROOM = 14,
	ZIP_CTX0 = 15,		/* W/R: [3:0] state, [7] BFINAL, [15:10] cached bits */
	ZIP_SOURCE = 18,	/* and 19 */
	ZIP_DEST = 20,
	ZIP_CONTEXT = 22,
	ZIP_TAG_T3 = 26,	/* and 27 */
	ZIP_CTX1 = 28,		/* W/R: bytes left in a stored block */
	ZIP_CTX2 = 29,		/* W/R: valid window length */
	ZIP_ISIZE = 30,		/* W/R: running size of the uncompressed data */
	ZIP_CHECKSUM = 31,	/* W/R: adler32, or reversed and inverted crc32 */
	ZIP_DWORDS = 32,
};

#define ZIP_FINISH		BIT(25)
#define ZIP_STATEFUL		BIT(26)
#define ZIP_NEW			BIT(27)
#define ZIP_LAST_BLOCK		BIT(8)
#define ZIP_CTX0_BFINAL		BIT(7)

enum zip_format { ZIP_RAW = 1, ZIP_ZLIB = 2, ZIP_GZIP = 3 };

enum zip_status {
	ZIP_OK = 0x00,
	/* The silicon's full list is unpublished: any other value is an error. */
	ZIP_BAD_REQUEST = 0x05,
	ZIP_BAD_DATA = 0x0b,
	ZIP_NEGATIVE = 0x0d,	/* output not smaller than input; valid */
	ZIP_NO_SPACE = 0x0e,
	ZIP_BAD_CHECKSUM = 0x10,
	ZIP_STREAM_END = 0x13,
	ZIP_BUS_ERROR = 0x20,	/* data not mapped for the device */
	/* Not a status: the queue was stopped, nobody gets a completion. */
	ZIP_ABORTED = 0x100,
};

/* ctx_dw0[3:0] */
enum zip_ctx_state {
	ZIP_CTX_LAST_NO_SPACE = 1,
	ZIP_CTX_NO_SPACE = 2,
	ZIP_CTX_BLOCK_NOT_STARTED = 3,
};

#define ZIP_MAX_LENGTH		0x800000u
#define ZIP_CTX_WINDOW		0xc00	/* offset of the window in the context */

#endif
