/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spimdev (Share Parent's IOMMU Mediated Device): gives processes queues of an
 * accelerator through VFIO. What a parent driver uses.
 */
#ifndef SPIMDEV_H
#define SPIMDEV_H

#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/types.h>
#include <linux/wait.h>
#include "spimdev_uapi.h"

struct spimdev;
struct spimdev_queue;
struct vm_area_struct;

#define SPIMDEV_MAX_TYPES 4

/* get_queue, stop_queue and ioctl of one mediated device never run at once. */
struct spimdev_ops {
	/* Sets q->priv. Any error reaches the user as ENODEV. */
	int (*get_queue)(struct spimdev *sd, struct spimdev_queue *q);
	/* Returns when the device touches neither rings nor data any more. */
	void (*stop_queue)(struct spimdev_queue *q);
	/* Nobody has a descriptor any more; the last call for this queue. */
	void (*release_queue)(struct spimdev_queue *q);
	/* Offset of the mapping = region * PAGE_SIZE. Called under mmap_lock. */
	int (*mmap)(struct spimdev_queue *q, struct vm_area_struct *vma,
		    unsigned int region);
	/* Optional, must not sleep: completions since the last call? */
	bool (*is_updated)(struct spimdev_queue *q);
	/* Optional: driver commands on the queue descriptor. */
	long (*ioctl)(struct spimdev_queue *q, unsigned int cmd, unsigned long arg);
	/* Queues left. */
	unsigned int (*get_available)(struct spimdev *sd);
};

/* An accelerator; the parent driver fills the first part. */
struct spimdev {
	struct device *dev;		/* bound to its driver, whose name has no '-' */
	const struct spimdev_ops *ops;
	const char *api;		/* device_api of the types, e.g. hisi_qm_v2 */
	const char *const *types;	/* algorithms or one device name, NULL-terminated */
	const char *group;		/* attribute group: "params", or "spimdev_para" */
	int iommu_type;			/* VFIO_TYPE1_IOMMU */
	int dma_flag;			/* SPIMDEV_DMA_* */

	/* The framework's own. */
	struct mdev_parent parent;
	struct mdev_driver mdev_driver;
	struct mdev_type mdev_types[SPIMDEV_MAX_TYPES];
	struct mdev_type *type_list[SPIMDEV_MAX_TYPES];
	unsigned int ntypes;
	struct device *class_dev;
	struct attribute_group params;
	struct mutex lock;		/* owner, opens */
	pid_t owner;			/* process that has mediated devices open */
	unsigned int opens;
};

/* One queue of one open mediated device. */
struct spimdev_queue {
	struct spimdev *sd;
	wait_queue_head_t wait;		/* the parent driver wakes it on completions */
	void *priv;
};

int spimdev_register(struct spimdev *sd);
/* Ends all queues, tells their users, and returns when the last has left. */
void spimdev_unregister(struct spimdev *sd);

/*
 * Reads or writes memory that the user mapped into the VFIO container. Never
 * pins: an address unmapped meanwhile is an error, not a use after free.
 */
int spimdev_dma_rw(struct spimdev_queue *q, u64 iova, void *buf, size_t len, bool write);

#endif
