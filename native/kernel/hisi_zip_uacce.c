// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated ZIP accelerator behind the kernel's own uacce character device.
 *
 *   qm_version=2  hisi_qm_v2: 8 KiB of registers; on silicon all queues of a
 *                 function share them, here each queue has its own
 *   qm_version=3  hisi_qm_v3: a private 64 KiB doorbell window per queue
 * The doorbell is at +0x1000 in both.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uacce.h>
#include <uapi/misc/uacce/hisi_qm.h>
#include "qm_sim.h"

#define ZIP_MAX_DEVICES 8
#define ZIP_DUS_SIZE	(QM_RING_SIZE + PAGE_SIZE)

static unsigned int devices = 1, queues = 16, qm_version = 3;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "accelerators, at most 8");
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queues of each");
module_param(qm_version, uint, 0444);
MODULE_PARM_DESC(qm_version, "2 or 3");
static bool sva = true;
module_param(sva, bool, 0444);
MODULE_PARM_DESC(sva, "ask uacce for shared virtual addresses");

struct zip_device {
	struct qm_device qm;
	struct platform_device *pdev;
	struct uacce_device *uacce;
	struct mutex lock;		/* open */
	struct list_head open;		/* of zip_queue.node */
	bool leaving;
};

struct zip_queue {
	struct qm_queue q;
	struct zip_device *zip;
	struct uacce_queue *uq;
	struct mm_struct *mm;
	struct list_head node;
};

static struct zip_device *zip_devices[ZIP_MAX_DEVICES];

static int zip_dma(struct qm_queue *q, u64 addr, void *buf, size_t len, bool write)
{
	struct zip_queue *zq = container_of(q, struct zip_queue, q);
	unsigned long left;

	if (!mmget_not_zero(zq->mm))
		return -ESRCH;	/* the process is gone */
	kthread_use_mm(zq->mm);
	if (write)
		left = copy_to_user((void __user *)addr, buf, len);
	else
		left = copy_from_user(buf, (void __user *)addr, len);
	kthread_unuse_mm(zq->mm);
	mmput(zq->mm);
	return left ? -EFAULT : 0;
}

static void zip_notify(struct qm_queue *q)
{
	wake_up_all(&container_of(q, struct zip_queue, q)->uq->wait);
}

static const struct qm_queue_ops zip_queue_ops = {
	.dma = zip_dma,
	.notify = zip_notify,
};

static int zip_available(struct uacce_device *uacce)
{
	struct zip_device *zip = uacce->priv;

	return qm_device_available(&zip->qm);
}

static int zip_get_queue(struct uacce_device *uacce, unsigned long pasid, struct uacce_queue *uq)
{
	struct zip_device *zip = uacce->priv;
	struct zip_queue *zq;
	int ret;

	if (READ_ONCE(zip->leaving))
		return -EBUSY;
	zq = kzalloc(sizeof(*zq), GFP_KERNEL);
	if (!zq)
		return -ENOMEM;
	zq->zip = zip;
	zq->uq = uq;
	zq->q.ops = &zip_queue_ops;
	zq->q.doorbell_size = uacce->qf_pg_num[UACCE_QFRT_MMIO] << PAGE_SHIFT;
	zq->q.doorbell_offset = 0x1000;
	zq->q.ring_size = ZIP_DUS_SIZE;
	zq->q.stop_flags = true;
	ret = qm_queue_init(&zq->q, &zip->qm, QM_COMPRESS);
	if (ret) {
		kfree(zq);
		return ret;
	}
	zq->mm = current->mm;
	mmgrab(zq->mm);
	/* uacce does this later, but a removal may wake the queue before. */
	init_waitqueue_head(&uq->wait);
	mutex_lock(&zip->lock);
	list_add(&zq->node, &zip->open);
	mutex_unlock(&zip->lock);
	uq->priv = zq;
	return 0;
}

static void zip_put_queue(struct uacce_queue *uq)
{
	struct zip_queue *zq = uq->priv;

	mutex_lock(&zq->zip->lock);
	list_del(&zq->node);
	mutex_unlock(&zq->zip->lock);
	qm_queue_fini(&zq->q);
	mmdrop(zq->mm);
	kfree(zq);
	uq->priv = NULL;
}

static int zip_start_queue(struct uacce_queue *uq)
{
	struct zip_queue *zq = uq->priv;

	return qm_queue_start(&zq->q);
}

static void zip_stop_queue(struct uacce_queue *uq)
{
	struct zip_queue *zq = uq->priv;

	qm_queue_stop(&zq->q);
}

static int zip_is_q_updated(struct uacce_queue *uq)
{
	struct zip_queue *zq = uq->priv;

	return qm_queue_updated(&zq->q);
}

static int zip_mmap(struct uacce_queue *uq, struct vm_area_struct *vma,
		    struct uacce_qfile_region *region)
{
	struct zip_queue *zq = uq->priv;

	if (region->type == UACCE_QFRT_MMIO)
		return qm_queue_mmap_doorbell(&zq->q, vma);
	if (vma->vm_end - vma->vm_start != ZIP_DUS_SIZE)
		return -EINVAL;
	return qm_queue_mmap_ring(&zq->q, vma);
}

static long zip_set_ctx(struct zip_queue *zq, unsigned long arg)
{
	struct hisi_qp_ctx ctx;

	if (copy_from_user(&ctx, (void __user *)arg, sizeof(ctx)))
		return -EFAULT;
	if (ctx.qc_type > QM_DECOMPRESS)
		return -EINVAL;
	/* Goes into the queue context when the queue starts. */
	if (!zq->q.thread)
		zq->q.type = ctx.qc_type;
	ctx.id = zq->q.number;
	return copy_to_user((void __user *)arg, &ctx, sizeof(ctx)) ? -EFAULT : 0;
}

static long zip_set_info(unsigned long arg)
{
	struct hisi_qp_info info = {
		.sqe_size = ZIP_SQE_SIZE,
		.sq_depth = QM_DEPTH,
		.cq_depth = QM_DEPTH,
	};

	return copy_to_user((void __user *)arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long zip_ioctl(struct uacce_queue *uq, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case UACCE_CMD_QM_SET_QP_CTX:
		return zip_set_ctx(uq->priv, arg);
	case UACCE_CMD_QM_SET_QP_INFO:
		return zip_set_info(arg);
	default:
		return -EINVAL;
	}
}

static const struct uacce_ops zip_ops = {
	.get_available_instances = zip_available,
	.get_queue = zip_get_queue,
	.put_queue = zip_put_queue,
	.start_queue = zip_start_queue,
	.stop_queue = zip_stop_queue,
	.is_q_updated = zip_is_q_updated,
	.mmap = zip_mmap,
	.ioctl = zip_ioctl,
};

static ssize_t sim_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct zip_device *zip = dev_get_drvdata(dev);

	return qm_device_show(&zip->qm, buf);
}
static DEVICE_ATTR_RO(sim);

static int zip_add_uacce(struct zip_device *zip)
{
	struct uacce_interface interface = {
		.name = "hisi_zip",
		.flags = sva ? UACCE_DEV_SVA : 0,
		.ops = &zip_ops,
	};
	int ret;

	zip->uacce = uacce_alloc(&zip->pdev->dev, &interface);
	if (IS_ERR(zip->uacce))
		return PTR_ERR(zip->uacce);
	zip->uacce->priv = zip;
	zip->uacce->algs = qm_version >= 3 ? "zlib\ngzip\ndeflate\n" : "zlib\ngzip\n";
	zip->uacce->api_ver = qm_version >= 3 ? HISI_QM_API_VER3_BASE : HISI_QM_API_VER2_BASE;
	zip->uacce->qf_pg_num[UACCE_QFRT_MMIO] = (qm_version >= 3 ? 0x10000 : 0x2000) >> PAGE_SHIFT;
	zip->uacce->qf_pg_num[UACCE_QFRT_DUS] = ZIP_DUS_SIZE >> PAGE_SHIFT;
	ret = uacce_register(zip->uacce);
	if (ret)
		uacce_remove(zip->uacce);
	return ret;
}

static struct zip_device *zip_add(unsigned int id)
{
	struct zip_device *zip = kzalloc(sizeof(*zip), GFP_KERNEL);
	int ret;

	if (!zip)
		return ERR_PTR(-ENOMEM);
	qm_device_init(&zip->qm, qm_version, queues);
	mutex_init(&zip->lock);
	INIT_LIST_HEAD(&zip->open);
	zip->pdev = platform_device_register_simple("hisi_zip_uacce", id, NULL, 0);
	if (IS_ERR(zip->pdev)) {
		ret = PTR_ERR(zip->pdev);
		goto err_free;
	}
	platform_set_drvdata(zip->pdev, zip);
	ret = device_create_file(&zip->pdev->dev, &dev_attr_sim);
	if (ret)
		goto err_pdev;
	ret = zip_add_uacce(zip);
	if (ret)
		goto err_file;
	return zip;

err_file:
	device_remove_file(&zip->pdev->dev, &dev_attr_sim);
err_pdev:
	platform_device_unregister(zip->pdev);
err_free:
	kfree(zip);
	return ERR_PTR(ret);
}

/*
 * As the QM driver: first the stop words, then wait until the processes have
 * left, because uacce_remove() takes the mappings from under those that have not.
 */
static void zip_wait_for_users(struct zip_device *zip)
{
	struct zip_queue *zq;
	unsigned int i;
	bool empty;

	WRITE_ONCE(zip->leaving, true);
	mutex_lock(&zip->lock);
	list_for_each_entry(zq, &zip->open, node)
		qm_queue_flag_stop(&zq->q);
	mutex_unlock(&zip->lock);
	for (i = 0; i < 1500; i++) {
		mutex_lock(&zip->lock);
		empty = list_empty(&zip->open);
		mutex_unlock(&zip->lock);
		if (empty)
			return;
		msleep(20);
	}
	dev_warn(&zip->pdev->dev, "queues still open after 30 s: unmapping them\n");
}

static void zip_del(struct zip_device *zip)
{
	zip_wait_for_users(zip);
	uacce_remove(zip->uacce);
	device_remove_file(&zip->pdev->dev, &dev_attr_sim);
	platform_device_unregister(zip->pdev);
	qm_device_fini(&zip->qm);
	kfree(zip);
}

static void zip_exit(void)
{
	unsigned int i;

	for (i = 0; i < ZIP_MAX_DEVICES; i++)
		if (zip_devices[i])
			zip_del(zip_devices[i]);
}

static int __init zip_init(void)
{
	struct zip_device *zip;
	unsigned int i;

	if (!devices || devices > ZIP_MAX_DEVICES || qm_version < 2 || qm_version > 3)
		return -EINVAL;
	for (i = 0; i < devices; i++) {
		zip = zip_add(i);
		if (IS_ERR(zip)) {
			zip_exit();
			return PTR_ERR(zip);
		}
		zip_devices[i] = zip;
	}
	return 0;
}

module_init(zip_init);
module_exit(zip_exit);
MODULE_DESCRIPTION("Simulated HiSilicon ZIP on uacce");
MODULE_LICENSE("GPL");
