// SPDX-License-Identifier: GPL-2.0
/*
 * The spimdev framework of the WarpDrive RFC v1 on the VFIO-mdev of Linux 6.1.
 *
 * Descriptors and lifetimes: a queue descriptor holds a reference on the VFIO
 * device and on the parent driver's module, so closing order does not matter. A
 * queue ends when its descriptor is closed, when the mediated device is closed,
 * or when that is asked to go; after that the descriptor answers ENODEV and
 * POLLHUP, and the mapped rings stay readable because their pages are counted.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include "spimdev.h"

struct spimdev_mdev {
	struct vfio_device vdev;
	struct spimdev *sd;
	struct mutex lock;		/* queues, and the life of each of them */
	struct list_head queues;
};

/* Ended = no longer on the list of the mediated device. */
struct spimdev_file {
	struct spimdev_queue q;
	struct kref ref;		/* the list's and the descriptor's */
	struct list_head node;
	struct spimdev_mdev *m;
	struct module *owner;		/* of the parent driver's operations */
	bool ended;
};

static struct class *spimdev_class;

/* ---- queue descriptor ---------------------------------------------------- */

static void spimdev_file_free(struct kref *ref)
{
	struct spimdev_file *f = container_of(ref, struct spimdev_file, ref);
	struct module *owner = f->owner;

	if (f->q.priv)
		f->q.sd->ops->release_queue(&f->q);
	vfio_put_device(&f->m->vdev);
	kfree(f);
	module_put(owner);
}

/* Caller holds m->lock. */
static void spimdev_queue_end(struct spimdev_file *f)
{
	if (f->ended)
		return;
	WRITE_ONCE(f->ended, true);
	list_del(&f->node);
	f->q.sd->ops->stop_queue(&f->q);
	wake_up_all(&f->q.wait);
	kref_put(&f->ref, spimdev_file_free);
}

static int spimdev_q_release(struct inode *inode, struct file *filp)
{
	struct spimdev_file *f = filp->private_data;
	struct spimdev_mdev *m = f->m;

	mutex_lock(&m->lock);
	spimdev_queue_end(f);
	mutex_unlock(&m->lock);
	kref_put(&f->ref, spimdev_file_free);
	return 0;
}

static int spimdev_q_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct spimdev_file *f = filp->private_data;
	/* As the RFC's driver: the low 4 bits of the page offset name the region. */
	unsigned int region = vma->vm_pgoff & 0xf;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	/*
	 * Without m->lock: the caller holds mmap_lock, and whoever ends a queue
	 * under m->lock waits for a device that may need mmap_lock for its data.
	 */
	if (READ_ONCE(f->ended))
		return -ENODEV;
	vma->vm_flags |= VM_DONTEXPAND | VM_DONTDUMP;
	return f->q.sd->ops->mmap(&f->q, vma, region);
}

static bool spimdev_ready(struct spimdev_file *f)
{
	return READ_ONCE(f->ended) ||
	       (f->q.sd->ops->is_updated && f->q.sd->ops->is_updated(&f->q));
}

static long spimdev_wait(struct spimdev_file *f, unsigned int ms)
{
	/* The RFC keeps the converted time in 16 bits too. */
	long limit = ms ? min_t(unsigned long, msecs_to_jiffies(ms), U16_MAX) : 0;
	long ret;

	if (limit)
		ret = wait_event_interruptible_timeout(f->q.wait, spimdev_ready(f), limit);
	else
		ret = wait_event_interruptible(f->q.wait, spimdev_ready(f));
	return READ_ONCE(f->ended) ? -ENODEV : ret;
}

static long spimdev_q_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct spimdev_file *f = filp->private_data;
	long ret = -ENODEV;

	if (cmd == SPIMDEV_CMD_WAIT)
		return spimdev_wait(f, arg & 0xffff);
	mutex_lock(&f->m->lock);
	if (!f->ended)
		ret = f->q.sd->ops->ioctl ? f->q.sd->ops->ioctl(&f->q, cmd, arg) : -EINVAL;
	mutex_unlock(&f->m->lock);
	return ret;
}

static __poll_t spimdev_q_poll(struct file *filp, poll_table *table)
{
	struct spimdev_file *f = filp->private_data;

	poll_wait(filp, &f->q.wait, table);
	if (READ_ONCE(f->ended))
		return EPOLLHUP | EPOLLERR;
	return spimdev_ready(f) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations spimdev_q_fops = {
	.owner = THIS_MODULE,
	.release = spimdev_q_release,
	.mmap = spimdev_q_mmap,
	.unlocked_ioctl = spimdev_q_ioctl,
	.poll = spimdev_q_poll,
};

/* Caller holds m->lock. */
static int spimdev_get_queue(struct spimdev_mdev *m)
{
	struct spimdev_file *f;
	int ret;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->q.sd = m->sd;
	f->m = m;
	init_waitqueue_head(&f->q.wait);
	kref_init(&f->ref);
	f->owner = m->sd->dev->driver->owner;
	if (!try_module_get(f->owner)) {
		kfree(f);
		return -ENODEV;
	}
	get_device(&m->vdev.device);
	if (m->sd->ops->get_queue(m->sd, &f->q)) {
		f->q.priv = NULL;
		kref_put(&f->ref, spimdev_file_free);
		return -ENODEV;	/* whatever failed, as in the RFC: also "none free" */
	}
	kref_get(&f->ref);
	list_add(&f->node, &m->queues);
	/* Last: a descriptor cannot be taken back. */
	ret = anon_inode_getfd("spimdev_q", &spimdev_q_fops, f, O_RDWR | O_CLOEXEC);
	if (ret < 0) {
		spimdev_queue_end(f);
		kref_put(&f->ref, spimdev_file_free);
	}
	return ret;
}

/* ---- mediated device ------------------------------------------------------ */

/* Without SVA all queues of a device share one IOMMU domain, hence one process. */
static int spimdev_open(struct vfio_device *vdev)
{
	struct spimdev *sd = container_of(vdev, struct spimdev_mdev, vdev)->sd;
	int ret = 0;

	mutex_lock(&sd->lock);
	if (sd->opens && sd->owner != task_tgid_nr(current))
		ret = -EBUSY;
	else if (!sd->opens++)
		sd->owner = task_tgid_nr(current);
	mutex_unlock(&sd->lock);
	return ret;
}

static void spimdev_end_all(struct spimdev_mdev *m)
{
	struct spimdev_file *f, *next;

	mutex_lock(&m->lock);
	list_for_each_entry_safe(f, next, &m->queues, node)
		spimdev_queue_end(f);
	mutex_unlock(&m->lock);
}

/* Queues must not outlive this: vfio_dma_rw() refuses a closed device. */
static void spimdev_close(struct vfio_device *vdev)
{
	struct spimdev_mdev *m = container_of(vdev, struct spimdev_mdev, vdev);

	spimdev_end_all(m);
	mutex_lock(&m->sd->lock);
	m->sd->opens--;
	mutex_unlock(&m->sd->lock);
}

/* Somebody removes the mediated device while it is open: its user has to notice. */
static void spimdev_request(struct vfio_device *vdev, unsigned int count)
{
	spimdev_end_all(container_of(vdev, struct spimdev_mdev, vdev));
}

static long spimdev_get_info(unsigned long arg)
{
	struct vfio_device_info info;
	size_t size = offsetofend(struct vfio_device_info, num_irqs);

	if (copy_from_user(&info, (void __user *)arg, size))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	info.flags = 0;
	info.num_regions = 0;
	info.num_irqs = 0;
	return copy_to_user((void __user *)arg, &info, size) ? -EFAULT : 0;
}

static long spimdev_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct spimdev_mdev *m = container_of(vdev, struct spimdev_mdev, vdev);
	long ret;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return spimdev_get_info(arg);
	case SPIMDEV_CMD_GET_Q:
		/* No device here has PASIDs, so none can be bound. */
		if (arg)
			return -EINVAL;
		break;
	case SPIMDEV_CMD_GET_Q_IO:
		/* Variant C's index of the algorithm; B's PASID is 0 here. */
		if (arg >= m->sd->ntypes)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	mutex_lock(&m->lock);
	ret = spimdev_get_queue(m);
	mutex_unlock(&m->lock);
	return ret;
}

/* VFIO asks for it before it lets a device be used with unpinned memory. */
static void spimdev_dma_unmap(struct vfio_device *vdev, u64 iova, u64 len)
{
}

static int spimdev_init_device(struct vfio_device *vdev)
{
	struct spimdev_mdev *m = container_of(vdev, struct spimdev_mdev, vdev);

	mutex_init(&m->lock);
	INIT_LIST_HEAD(&m->queues);
	return 0;
}

static const struct vfio_device_ops spimdev_vfio_ops = {
	.name = "vfio-spimdev",
	.init = spimdev_init_device,
	.release = vfio_free_device,
	.open_device = spimdev_open,
	.close_device = spimdev_close,
	.request = spimdev_request,
	.ioctl = spimdev_ioctl,
	.dma_unmap = spimdev_dma_unmap,
};

static int spimdev_probe(struct mdev_device *mdev)
{
	struct spimdev_mdev *m;
	int ret;

	m = vfio_alloc_device(spimdev_mdev, vdev, &mdev->dev, &spimdev_vfio_ops);
	if (IS_ERR(m))
		return PTR_ERR(m);
	m->sd = container_of(mdev->type->parent, struct spimdev, parent);
	ret = vfio_register_emulated_iommu_dev(&m->vdev);
	if (ret) {
		vfio_put_device(&m->vdev);
		return ret;
	}
	dev_set_drvdata(&mdev->dev, m);
	return 0;
}

static void spimdev_remove(struct mdev_device *mdev)
{
	struct spimdev_mdev *m = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&m->vdev);
	vfio_put_device(&m->vdev);
}

static unsigned int spimdev_get_available(struct mdev_type *type)
{
	struct spimdev *sd = container_of(type->parent, struct spimdev, parent);

	return sd->ops->get_available(sd);
}

int spimdev_dma_rw(struct spimdev_queue *q, u64 iova, void *buf, size_t len, bool write)
{
	struct spimdev_file *f = container_of(q, struct spimdev_file, q);

	/* Works from a kernel thread as it is: VFIO borrows the mapper's mm itself. */
	return vfio_dma_rw(&f->m->vdev, iova, buf, len, write);
}
EXPORT_SYMBOL_GPL(spimdev_dma_rw);

/* ---- parent ---------------------------------------------------------------- */

static ssize_t iommu_type_show(struct device *dev, struct device_attribute *attr, char *buf);
static ssize_t dma_flag_show(struct device *dev, struct device_attribute *attr, char *buf);
static DEVICE_ATTR_RO(iommu_type);
static DEVICE_ATTR_RO(dma_flag);

static struct attribute *spimdev_params[] = {
	&dev_attr_iommu_type.attr,
	&dev_attr_dma_flag.attr,
	NULL,
};

/* The attributes are the parent device's: its class device knows the spimdev. */
static int spimdev_match(struct device *dev, const void *parent)
{
	return dev->parent == parent;
}

static ssize_t spimdev_show(struct device *dev, char *buf, bool dma_flag)
{
	struct device *class_dev = class_find_device(spimdev_class, NULL, dev, spimdev_match);
	struct spimdev *sd;
	ssize_t ret;

	if (!class_dev)
		return -ENODEV;
	sd = dev_get_drvdata(class_dev);
	ret = sysfs_emit(buf, "%d\n", dma_flag ? sd->dma_flag : sd->iommu_type);
	put_device(class_dev);
	return ret;
}

static ssize_t iommu_type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return spimdev_show(dev, buf, false);
}

static ssize_t dma_flag_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return spimdev_show(dev, buf, true);
}

/*
 * "flags" of a type: since 6.1 the mdev core has no way to add one, and reads
 * any file of the directory through this (its private) structure.
 */
struct spimdev_type_attr {
	struct attribute attr;
	ssize_t (*show)(struct mdev_type *type, struct spimdev_type_attr *attr, char *buf);
	ssize_t (*store)(struct mdev_type *type, struct spimdev_type_attr *attr,
			 const char *buf, size_t count);
};

static ssize_t flags_show(struct mdev_type *type, struct spimdev_type_attr *attr, char *buf)
{
	return sysfs_emit(buf, "0");
}
static struct spimdev_type_attr spimdev_flags = __ATTR_RO(flags);

static int spimdev_add_types(struct spimdev *sd)
{
	unsigned int i;
	int ret;

	for (i = 0; sd->types[i]; i++) {
		if (i == SPIMDEV_MAX_TYPES)
			return -EINVAL;
		sd->mdev_types[i].sysfs_name = sd->types[i];
		sd->mdev_types[i].pretty_name = sd->types[i];
		sd->type_list[i] = &sd->mdev_types[i];
	}
	sd->ntypes = i;
	sd->mdev_driver.device_api = sd->api;
	sd->mdev_driver.probe = spimdev_probe;
	sd->mdev_driver.remove = spimdev_remove;
	sd->mdev_driver.get_available = spimdev_get_available;
	sd->mdev_driver.driver.name = dev_name(sd->dev);
	sd->mdev_driver.driver.owner = THIS_MODULE;
	sd->mdev_driver.driver.mod_name = KBUILD_MODNAME;
	ret = mdev_register_driver(&sd->mdev_driver);
	if (ret)
		return ret;
	ret = mdev_register_parent(&sd->parent, sd->dev, &sd->mdev_driver, sd->type_list,
				   sd->ntypes);
	if (ret) {
		mdev_unregister_driver(&sd->mdev_driver);
		return ret;
	}
	for (i = 0; i < sd->ntypes; i++)
		if (sysfs_create_file(&sd->mdev_types[i].kobj, &spimdev_flags.attr))
			dev_warn(sd->dev, "spimdev: type %s has no flags attribute\n",
				 sd->types[i]);
	return 0;
}

int spimdev_register(struct spimdev *sd)
{
	int ret;

	if (!sd->dev->driver || strchr(sd->dev->driver->name, '-')) {
		dev_err(sd->dev, "spimdev: the parent needs a driver without '-' in its name\n");
		return -EINVAL;
	}
	mutex_init(&sd->lock);
	sd->params.name = sd->group;
	sd->params.attrs = spimdev_params;
	sd->class_dev = device_create(spimdev_class, sd->dev, MKDEV(0, 0), sd, "%s",
				      dev_name(sd->dev));
	if (IS_ERR(sd->class_dev))
		return PTR_ERR(sd->class_dev);
	ret = sysfs_create_group(&sd->dev->kobj, &sd->params);
	if (ret)
		goto err_class;
	ret = spimdev_add_types(sd);
	if (ret)
		goto err_group;
	return 0;

err_group:
	sysfs_remove_group(&sd->dev->kobj, &sd->params);
err_class:
	device_unregister(sd->class_dev);
	return ret;
}
EXPORT_SYMBOL_GPL(spimdev_register);

void spimdev_unregister(struct spimdev *sd)
{
	unsigned int i;

	for (i = 0; i < sd->ntypes; i++)
		sysfs_remove_file(&sd->mdev_types[i].kobj, &spimdev_flags.attr);
	mdev_unregister_parent(&sd->parent);
	mdev_unregister_driver(&sd->mdev_driver);
	sysfs_remove_group(&sd->dev->kobj, &sd->params);
	device_unregister(sd->class_dev);
}
EXPORT_SYMBOL_GPL(spimdev_unregister);

static int __init spimdev_init(void)
{
	spimdev_class = class_create(THIS_MODULE, "spimdev");
	return PTR_ERR_OR_ZERO(spimdev_class);
}

static void __exit spimdev_exit(void)
{
	class_destroy(spimdev_class);
}

module_init(spimdev_init);
module_exit(spimdev_exit);
MODULE_DESCRIPTION("Share Parent's IOMMU Mediated Device (WarpDrive RFC v1)");
MODULE_LICENSE("GPL");
