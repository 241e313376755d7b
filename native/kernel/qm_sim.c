// SPDX-License-Identifier: GPL-2.0
/* Rings, doorbells, completions and injected faults of one simulated function. */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include "qm_sim.h"

unsigned int zip_level = 1;
module_param_named(level, zip_level, uint, 0444);
MODULE_PARM_DESC(level, "zlib level that stands for the silicon's one ratio");

static unsigned int job_delay_ms;
module_param(job_delay_ms, uint, 0644);
MODULE_PARM_DESC(job_delay_ms, "time that each request takes at least");

static bool completion_wakes = true;
module_param(completion_wakes, bool, 0644);
MODULE_PARM_DESC(completion_wakes,
		 "N: WAIT and poll() end by time only, as with the RFC's QM driver");

/* Kinds of injected faults; what a driver must survive, not what silicon does. */
enum qm_fault {
	QM_FAULT_NONE,
	QM_FAULT_HANG,		/* this request and all later ones get no completion */
	QM_FAULT_STATUS,	/* an error status, output written all the same */
	QM_FAULT_PRODUCED,	/* more output than there was room */
	QM_FAULT_CONSUMED,	/* more input than there was */
	QM_FAULT_TAG,		/* somebody else's tag */
	QM_FAULT_SQ_HEAD,	/* a ring index behind the ring */
	QM_FAULT_CHECKSUM,	/* right length, wrong checksum */
	QM_FAULT_STOP,		/* the stop words, as in a controller reset; no completion */
	QM_FAULT_LAST,
};

static unsigned int fault_kind, fault_every;
module_param(fault_kind, uint, 0644);
MODULE_PARM_DESC(fault_kind, "1 hang 2 status 3 produced 4 consumed 5 tag 6 sq_head 7 checksum 8 stop");
module_param(fault_every, uint, 0644);
MODULE_PARM_DESC(fault_every, "every n-th request gets the fault; 0 = none");
static atomic_t fault_count;

#define QM_NO_DOORBELL ~0ull

/* In words that the device reads and drivers never read back: "nothing new here". */
#define QM_POISON 0xec5ec5ecu

/* ---- device ------------------------------------------------------------------ */

void qm_device_init(struct qm_device *dev, unsigned int version, unsigned int max_queues)
{
	memset(dev, 0, sizeof(*dev));
	dev->version = version;
	dev->max_queues = clamp(max_queues, 1u, QM_MAX_QUEUES);
	mutex_init(&dev->lock);
	INIT_LIST_HEAD(&dev->streams);
}
EXPORT_SYMBOL_GPL(qm_device_init);

void qm_device_fini(struct qm_device *dev)
{
	zip_streams_free(dev);
}
EXPORT_SYMBOL_GPL(qm_device_fini);

unsigned int qm_device_available(struct qm_device *dev)
{
	return dev->max_queues - READ_ONCE(dev->used);
}
EXPORT_SYMBOL_GPL(qm_device_available);

ssize_t qm_device_show(struct qm_device *dev, char *buf)
{
	return sysfs_emit(buf, "queues=%u jobs=%d errors=%d doorbells=%d bad_doorbells=%d recovered=%d streams=%u\n",
			  READ_ONCE(dev->used), atomic_read(&dev->jobs),
			  atomic_read(&dev->errors), atomic_read(&dev->doorbells),
			  atomic_read(&dev->bad_doorbells), atomic_read(&dev->recovered),
			  READ_ONCE(dev->nstreams));
}
EXPORT_SYMBOL_GPL(qm_device_show);

/* A number not used just before: stale doorbells of its last owner would show. */
static int qm_take_number(struct qm_device *dev)
{
	unsigned int n;
	int ret = -EBUSY;

	mutex_lock(&dev->lock);
	if (dev->used < dev->max_queues) {
		n = find_next_zero_bit(dev->numbers, QM_MAX_QUEUES + 1, dev->next_number);
		if (n > QM_MAX_QUEUES)
			n = find_first_zero_bit(dev->numbers, QM_MAX_QUEUES + 1);
		__set_bit(n, dev->numbers);
		dev->next_number = (n + 1) % (QM_MAX_QUEUES + 1);
		dev->used++;
		ret = n;
	}
	mutex_unlock(&dev->lock);
	return ret;
}

static void qm_give_number(struct qm_device *dev, unsigned int n)
{
	mutex_lock(&dev->lock);
	__clear_bit(n, dev->numbers);
	dev->used--;
	mutex_unlock(&dev->lock);
}

/* ---- doorbells ---------------------------------------------------------------- */

static u32 *qm_sqe(struct qm_queue *q, u32 index)
{
	return q->ring + index * ZIP_SQE_SIZE;
}

/* All but results, stream state and tag. */
static bool qm_poisoned_word(struct qm_queue *q, unsigned int i)
{
	bool tag = q->dev->version >= 3 ? i == ZIP_TAG_T3 || i == ZIP_TAG_T3 + 1 : i == ZIP_TAG_T0;

	return i >= ZIP_INPUT_LENGTH && i < ZIP_CTX1 && i != ZIP_CTX0 && !tag;
}

static void qm_poison(struct qm_queue *q, u32 *dw)
{
	unsigned int i;

	for (i = 0; i < ZIP_DWORDS; i++)
		if (qm_poisoned_word(q, i))
			dw[i] = QM_POISON;
}

/* A descriptor that is new and written to its end, in whatever order of words. */
static bool qm_complete_sqe(struct qm_queue *q, const u32 *sqe)
{
	u32 dw[ZIP_DWORDS];
	unsigned int i;

	for (i = 0; i < ZIP_DWORDS; i++) {
		dw[i] = READ_ONCE(sqe[i]);
		if (qm_poisoned_word(q, i) && dw[i] == QM_POISON)
			return false;
	}
	/* Drivers may clear the ring: what every request has must be there. */
	return dw[ZIP_REQUEST] & 0xff && dw[ZIP_OUTPUT_ROOM] &&
	       (dw[ZIP_SOURCE] || dw[ZIP_SOURCE + 1]) && (dw[ZIP_DEST] || dw[ZIP_DEST + 1]);
}

/*
 * The doorbell is memory here, so of two stores between two looks only the later
 * one is seen. A later SQ store says all that the earlier one said. A CQ store
 * may hide an SQ store; the descriptors of that were complete before it, so the
 * ring shows them. One that is half written now gets its doorbell later.
 */
static void qm_recover_tail(struct qm_queue *q)
{
	u32 tail = q->tail;

	while ((tail + 1) % QM_DEPTH != q->head && qm_complete_sqe(q, qm_sqe(q, tail)))
		tail = (tail + 1) % QM_DEPTH;
	if (tail != q->tail) {
		q->tail = tail;
		q->ahead = true;
		atomic_inc(&q->dev->recovered);
	}
}

/*
 * After a look at the ring the tail may be ahead of the doorbell: one that is
 * seen then may be from before. It looks like half a lap or more in one batch;
 * if it is one, the ring says so too.
 */
static void qm_ring_sq(struct qm_queue *q, u32 index)
{
	if (q->ahead && (index - q->tail) % QM_DEPTH > QM_DEPTH / 2) {
		qm_recover_tail(q);
		return;
	}
	q->tail = index;
	q->ahead = false;
}

static void qm_ring(struct qm_queue *q, u64 value)
{
	bool v1 = q->dev->version == 1;
	u32 number = v1 ? value & 0xffff : value & 0xfff;
	u32 command = v1 ? value >> 16 & 0xffff : value >> 12 & 0xf;
	u32 random = v1 ? 0 : value >> 16 & 0xffff;
	u32 index = value >> 32 & 0xffff, priority = value >> 48;

	atomic_inc(&q->dev->doorbells);
	if (number != q->number || command > 1 || random || index >= QM_DEPTH ||
	    priority > command) {
		atomic_inc(&q->dev->bad_doorbells);
		return;
	}
	if (command == 0)
		qm_ring_sq(q, index);
	else
		qm_recover_tail(q);
}

static void qm_poll_doorbell(struct qm_queue *q)
{
	u64 *cell = q->doorbell + q->doorbell_offset;

	if (READ_ONCE(*cell) != QM_NO_DOORBELL)
		qm_ring(q, xchg(cell, QM_NO_DOORBELL));
}

/* ---- execution ------------------------------------------------------------------ */

static enum qm_fault qm_next_fault(void)
{
	unsigned int every = READ_ONCE(fault_every), kind = READ_ONCE(fault_kind);

	if (!every || kind >= QM_FAULT_LAST || atomic_inc_return(&fault_count) % every)
		return QM_FAULT_NONE;
	return kind;
}

/* Tells a process to leave: the words that a controller reset sets (uacce). */
void qm_queue_flag_stop(struct qm_queue *q)
{
	u32 *flags = q->ring + q->ring_size - 8;

	if (!q->stop_flags)
		return;
	smp_store_release(&flags[1], 1);	/* do not send */
	smp_store_release(&flags[0], 1);	/* do not receive */
	q->ops->notify(q);
}
EXPORT_SYMBOL_GPL(qm_queue_flag_stop);

static void qm_spoil(enum qm_fault fault, u32 *dw, u32 tag)
{
	switch (fault) {
	case QM_FAULT_STATUS:
		dw[ZIP_STATUS] = ZIP_BUS_ERROR;
		break;
	case QM_FAULT_PRODUCED:
		dw[ZIP_PRODUCED] = dw[ZIP_OUTPUT_ROOM] + 1;
		break;
	case QM_FAULT_CONSUMED:
		dw[ZIP_CONSUMED] = dw[ZIP_INPUT_LENGTH] + 1;
		break;
	case QM_FAULT_TAG:
		dw[tag] ^= 0x5a5a5a5a;
		break;
	case QM_FAULT_CHECKSUM:
		dw[ZIP_CHECKSUM] ^= 1;
		break;
	default:
		break;
	}
}

static void qm_complete(struct qm_queue *q, u32 sq_head)
{
	u16 *cqe = q->ring + QM_CQ_OFFSET + q->cq_tail * ZIP_CQE_SIZE;

	cqe[4] = sq_head;
	cqe[5] = q->number;
	/* Last, and only when all results are there. */
	smp_store_release(&cqe[7], (u16)q->phase);
	if (++q->cq_tail == QM_DEPTH) {
		q->cq_tail = 0;
		q->phase ^= 1;
	}
	atomic_inc(&q->posted);
	if (READ_ONCE(completion_wakes))
		q->ops->notify(q);
}

static void qm_delay(struct qm_queue *q)
{
	unsigned int ms;

	for (ms = READ_ONCE(job_delay_ms); ms && !READ_ONCE(q->stopping); ms--)
		usleep_range(1000, 1100);
}

static void qm_execute(struct qm_queue *q)
{
	enum qm_fault fault = qm_next_fault();
	u32 *sqe = qm_sqe(q, q->head);
	u32 dw[ZIP_DWORDS];
	int status;

	if (fault == QM_FAULT_HANG || fault == QM_FAULT_STOP) {
		q->hung = true;
		if (fault == QM_FAULT_STOP)
			qm_queue_flag_stop(q);
		return;
	}
	/* Fetched once: the process can change the ring at any time. */
	memcpy(dw, sqe, sizeof(dw));
	qm_delay(q);
	status = zip_run(q, dw);
	if (status == ZIP_ABORTED)
		return;
	atomic_inc(&q->dev->jobs);
	if (status != ZIP_OK && status != ZIP_NEGATIVE && status != ZIP_STREAM_END)
		atomic_inc(&q->dev->errors);
	qm_spoil(fault, dw, q->dev->version >= 3 ? ZIP_TAG_T3 : ZIP_TAG_T0);
	qm_poison(q, dw);
	memcpy(sqe, dw, sizeof(dw));
	qm_complete(q, fault == QM_FAULT_SQ_HEAD ? 0xffff : q->head);
	q->head = (q->head + 1) % QM_DEPTH;
}

static int qm_thread(void *data)
{
	struct qm_queue *q = data;
	unsigned int idle = 0;

	while (!kthread_should_stop()) {
		qm_poll_doorbell(q);
		if (q->head != q->tail && !q->hung && !READ_ONCE(q->stopping)) {
			qm_execute(q);
			idle = 0;
			cond_resched();
		} else if (idle < 1000) {
			idle++;
			usleep_range(20, 50);
		} else {
			usleep_range(1000, 2000);
		}
	}
	return 0;
}

/* ---- queue ---------------------------------------------------------------------- */

static void qm_queue_free(struct qm_queue *q)
{
	vfree(q->doorbell);
	vfree(q->ring);
	vfree(q->deflate_work);
	vfree(q->in);
	vfree(q->out);
}

int qm_queue_init(struct qm_queue *q, struct qm_device *dev, enum qm_type type)
{
	int number = qm_take_number(dev);
	u32 i;

	if (number < 0)
		return number;
	q->dev = dev;
	q->number = number;
	q->type = type;
	/* vmalloc_user(): zeroed, and remap_vmalloc_range() takes nothing else. */
	q->doorbell = vmalloc_user(q->doorbell_size);
	q->ring = vmalloc_user(q->ring_size);
	q->deflate_work = vzalloc(zlib_deflate_workspacesize(MAX_WBITS, DEF_MEM_LEVEL));
	q->in = vmalloc(QM_CHUNK);
	q->out = vmalloc(QM_CHUNK);
	if (!q->doorbell || !q->ring || !q->deflate_work || !q->in || !q->out) {
		qm_queue_free(q);
		qm_give_number(dev, number);
		return -ENOMEM;
	}
	*(u64 *)(q->doorbell + q->doorbell_offset) = QM_NO_DOORBELL;
	for (i = 0; i < QM_DEPTH; i++)
		qm_poison(q, qm_sqe(q, i));
	return 0;
}
EXPORT_SYMBOL_GPL(qm_queue_init);

int qm_queue_start(struct qm_queue *q)
{
	struct task_struct *thread;

	q->head = 0;
	q->tail = 0;
	q->cq_tail = 0;
	q->phase = 1;
	q->ahead = false;
	q->hung = false;
	q->stopping = false;
	thread = kthread_run(qm_thread, q, "zip-q%u", q->number);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	q->thread = thread;
	return 0;
}
EXPORT_SYMBOL_GPL(qm_queue_start);

void qm_queue_stop(struct qm_queue *q)
{
	WRITE_ONCE(q->stopping, true);
	if (q->thread)
		kthread_stop(q->thread);
	q->thread = NULL;
}
EXPORT_SYMBOL_GPL(qm_queue_stop);

void qm_queue_fini(struct qm_queue *q)
{
	qm_queue_stop(q);
	qm_queue_free(q);
	qm_give_number(q->dev, q->number);
}
EXPORT_SYMBOL_GPL(qm_queue_fini);

bool qm_queue_updated(struct qm_queue *q)
{
	int posted = atomic_read(&q->posted);

	return READ_ONCE(completion_wakes) && atomic_xchg(&q->seen, posted) != posted;
}
EXPORT_SYMBOL_GPL(qm_queue_updated);

static int qm_mmap(void *memory, size_t size, struct vm_area_struct *vma)
{
	if (vma->vm_end - vma->vm_start > PAGE_ALIGN(size))
		return -EINVAL;
	return remap_vmalloc_range(vma, memory, 0);
}

int qm_queue_mmap_doorbell(struct qm_queue *q, struct vm_area_struct *vma)
{
	return qm_mmap(q->doorbell, q->doorbell_size, vma);
}
EXPORT_SYMBOL_GPL(qm_queue_mmap_doorbell);

int qm_queue_mmap_ring(struct qm_queue *q, struct vm_area_struct *vma)
{
	return qm_mmap(q->ring, q->ring_size, vma);
}
EXPORT_SYMBOL_GPL(qm_queue_mmap_ring);

MODULE_DESCRIPTION("Simulated HiSilicon QM and ZIP engine");
MODULE_LICENSE("GPL");
