/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue engine of the simulated accelerator: what silicon does with the
 * rings and doorbells of HiSilicon's QM V1, V2 and V3. One kernel thread per
 * queue is the hardware; the front ends give it memory access and notification.
 */
#ifndef QM_SIM_H
#define QM_SIM_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/zlib.h>
#include "zip_sqe.h"

struct task_struct;
struct vm_area_struct;
struct qm_queue;

#define QM_DEPTH	1024u
#define QM_CQ_OFFSET	(QM_DEPTH * ZIP_SQE_SIZE)
/* SQ and CQ; a page multiple with pages of 4 KiB and of 64 KiB. */
#define QM_RING_SIZE	(QM_CQ_OFFSET + QM_DEPTH * ZIP_CQE_SIZE)
#define QM_MAX_QUEUES	1023u	/* numbers of the doorbell's 10 bits */
#define QM_CHUNK	65536u

enum qm_type { QM_COMPRESS = 0, QM_DECOMPRESS = 1 };

/* One PCI function: its queue numbers, its streams, its counters. */
struct qm_device {
	unsigned int version;		/* 1, 2 or 3 */
	unsigned int max_queues;
	struct mutex lock;		/* numbers, next_number, used, streams */
	DECLARE_BITMAP(numbers, QM_MAX_QUEUES + 1);
	unsigned int next_number;
	unsigned int used;
	struct list_head streams;	/* of zip_stream, least recently used first */
	unsigned int nstreams;
	atomic_t jobs, errors, doorbells, bad_doorbells, recovered;
};

struct qm_queue_ops {
	/* Any context that may sleep; 0 or a negative error. Partial writes may remain. */
	int (*dma)(struct qm_queue *q, u64 addr, void *buf, size_t len, bool write);
	/* A completion was written. */
	void (*notify)(struct qm_queue *q);
};

struct qm_queue {
	/* The front end's, before qm_queue_init(). */
	const struct qm_queue_ops *ops;
	size_t doorbell_size;		/* of the register region, page multiple */
	size_t doorbell_offset;		/* of the 64-bit doorbell in it */
	size_t ring_size;		/* QM_RING_SIZE, and more for the stop flags */
	bool stop_flags;		/* the last 8 bytes of the ring region */

	/* The engine's. */
	struct qm_device *dev;
	unsigned int number;
	enum qm_type type;
	void *doorbell, *ring;
	struct task_struct *thread;
	bool stopping, hung;
	u32 head, tail;			/* SQ: next to run, known end */
	bool ahead;			/* tail is from the ring, the doorbell may be older */
	u32 cq_tail, phase;
	atomic_t posted, seen;		/* completions written, and asked about */
	void *deflate_work;
	u8 *in, *out;			/* QM_CHUNK each */
};

void qm_device_init(struct qm_device *dev, unsigned int version, unsigned int max_queues);
void qm_device_fini(struct qm_device *dev);
unsigned int qm_device_available(struct qm_device *dev);
/* One line of counters for sysfs. */
ssize_t qm_device_show(struct qm_device *dev, char *buf);

int qm_queue_init(struct qm_queue *q, struct qm_device *dev, enum qm_type type);
int qm_queue_start(struct qm_queue *q);
/* Returns when the queue touches nothing any more; jobs end within a chunk. */
void qm_queue_stop(struct qm_queue *q);
/* The words that tell a process to leave the queue, as a controller reset sets them. */
void qm_queue_flag_stop(struct qm_queue *q);
void qm_queue_fini(struct qm_queue *q);
/* Edge-like, as the QM driver's: true once per set of new completions. */
bool qm_queue_updated(struct qm_queue *q);
int qm_queue_mmap_doorbell(struct qm_queue *q, struct vm_area_struct *vma);
int qm_queue_mmap_ring(struct qm_queue *q, struct vm_area_struct *vma);

/* ---- between the engine's files -------------------------------------------- */

extern unsigned int zip_level;

/* One request: dwords as fetched, results and running state written into them. */
struct zip_request {
	struct qm_queue *q;
	u32 dw[ZIP_DWORDS];
	u64 source, dest, context;
	u32 length, room;		/* input bytes, output bytes */
	u32 consumed, produced;
	enum zip_format format;
	bool stateful, fresh, finish;
};

/* An enum zip_status; stops at once with ZIP_ABORTED when the queue stops. */
int zip_run(struct qm_queue *q, u32 dw[ZIP_DWORDS]);
int zip_compress(struct zip_request *r);
int zip_decompress(struct zip_request *r);
void zip_streams_free(struct qm_device *dev);

int zip_read(struct zip_request *r, u64 addr, void *buf, size_t len);
/* Appends to the output; ZIP_NO_SPACE leaves it as it was. */
int zip_emit(struct zip_request *r, const void *buf, size_t len);
/* The checksum register's form of a crc32, and back: the same operation. */
u32 zip_crc_register(u32 crc);

#endif
