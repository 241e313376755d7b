// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated ZIP accelerator as the parent of spimdev queues.
 *
 * Register page (region 0), as the QM drivers of that time map it:
 *   qm_version=1  the first page of BAR2, doorbell of QM V1 at +0x340; one type
 *                 with the device's name, attribute group "params" (RFC tree)
 *   qm_version=2  the page at BAR2 + 0x1000, doorbell of QM V2 at +0; a type per
 *                 algorithm, attribute group "spimdev_para" (openEuler 4.19)
 * Both tell the queue number as openEuler does: before its first use the ring
 * region starts with the words {queue number, QM version}.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include "qm_sim.h"
#include "spimdev.h"

#define ZIP_MAX_DEVICES 8

static unsigned int devices = 1, queues = 16, qm_version = 2, dma_flag = SPIMDEV_DMA_SINGLE_PROC_MAP;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "accelerators, at most 8");
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queues of each");
module_param(qm_version, uint, 0444);
MODULE_PARM_DESC(qm_version, "1 or 2");
module_param(dma_flag, uint, 0444);
MODULE_PARM_DESC(dma_flag, "what params/dma_flag says; only 1 works");

static struct platform_device *zip_devices[ZIP_MAX_DEVICES];

struct zip_parent {
	struct spimdev sd;
	struct qm_device qm;
};

struct zip_queue {
	struct qm_queue q;
	struct spimdev_queue *sq;
};

static int zip_dma(struct qm_queue *q, u64 addr, void *buf, size_t len, bool write)
{
	return spimdev_dma_rw(container_of(q, struct zip_queue, q)->sq, addr, buf, len, write);
}

static void zip_notify(struct qm_queue *q)
{
	wake_up_all(&container_of(q, struct zip_queue, q)->sq->wait);
}

static const struct qm_queue_ops zip_queue_ops = {
	.dma = zip_dma,
	.notify = zip_notify,
};

static int zip_get_queue(struct spimdev *sd, struct spimdev_queue *sq)
{
	struct zip_parent *zip = container_of(sd, struct zip_parent, sd);
	struct zip_queue *zq = kzalloc(sizeof(*zq), GFP_KERNEL);
	int ret;

	if (!zq)
		return -ENOMEM;
	zq->sq = sq;
	zq->q.ops = &zip_queue_ops;
	zq->q.doorbell_size = PAGE_SIZE;
	zq->q.doorbell_offset = zip->qm.version == 1 ? 0x340 : 0;
	zq->q.ring_size = QM_RING_SIZE;
	ret = qm_queue_init(&zq->q, &zip->qm, QM_COMPRESS);
	if (ret)
		goto err_free;
	((u32 *)zq->q.ring)[0] = zq->q.number;
	((u32 *)zq->q.ring)[1] = zip->qm.version;
	/* Before the thread runs: it reaches sq->priv's owner only through sq. */
	sq->priv = zq;
	ret = qm_queue_start(&zq->q);
	if (ret)
		goto err_queue;
	return 0;

err_queue:
	qm_queue_fini(&zq->q);
err_free:
	kfree(zq);
	return ret;
}

static void zip_stop_queue(struct spimdev_queue *sq)
{
	struct zip_queue *zq = sq->priv;

	qm_queue_stop(&zq->q);
}

static void zip_release_queue(struct spimdev_queue *sq)
{
	struct zip_queue *zq = sq->priv;

	qm_queue_fini(&zq->q);
	kfree(zq);
}

static int zip_mmap(struct spimdev_queue *sq, struct vm_area_struct *vma, unsigned int region)
{
	struct zip_queue *zq = sq->priv;

	if (region == 0)
		return qm_queue_mmap_doorbell(&zq->q, vma);
	if (region == 1)
		return qm_queue_mmap_ring(&zq->q, vma);
	return -EINVAL;
}

static bool zip_is_updated(struct spimdev_queue *sq)
{
	struct zip_queue *zq = sq->priv;

	return qm_queue_updated(&zq->q);
}

static long zip_ioctl(struct spimdev_queue *sq, unsigned int cmd, unsigned long arg)
{
	struct zip_queue *zq = sq->priv;

	if (cmd != HISI_QM_SET_OPTYPE || (arg & 0xffff) > QM_DECOMPRESS)
		return -EINVAL;
	WRITE_ONCE(zq->q.type, arg & 0xffff);
	return 0;
}

static unsigned int zip_get_available(struct spimdev *sd)
{
	return qm_device_available(&container_of(sd, struct zip_parent, sd)->qm);
}

static const struct spimdev_ops zip_ops = {
	.get_queue = zip_get_queue,
	.stop_queue = zip_stop_queue,
	.release_queue = zip_release_queue,
	.mmap = zip_mmap,
	.is_updated = zip_is_updated,
	.ioctl = zip_ioctl,
	.get_available = zip_get_available,
};

static ssize_t sim_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct zip_parent *zip = dev_get_drvdata(dev);

	return qm_device_show(&zip->qm, buf);
}
static DEVICE_ATTR_RO(sim);

static struct attribute *zip_attrs[] = { &dev_attr_sim.attr, NULL };
ATTRIBUTE_GROUPS(zip);

static const char *const zip_types_v1[] = { "hisi_zip", NULL };
static const char *const zip_types_v2[] = { "zlib", "gzip", NULL };

static int zip_probe(struct platform_device *pdev)
{
	struct zip_parent *zip = kzalloc(sizeof(*zip), GFP_KERNEL);
	int ret;

	if (!zip)
		return -ENOMEM;
	qm_device_init(&zip->qm, qm_version, queues);
	zip->sd.dev = &pdev->dev;
	zip->sd.ops = &zip_ops;
	zip->sd.api = qm_version == 1 ? "hisi_qm_v1" : "hisi_qm_v2";
	zip->sd.types = qm_version == 1 ? zip_types_v1 : zip_types_v2;
	zip->sd.group = qm_version == 1 ? "params" : "spimdev_para";
	zip->sd.iommu_type = VFIO_TYPE1_IOMMU;
	zip->sd.dma_flag = dma_flag;
	platform_set_drvdata(pdev, zip);
	ret = spimdev_register(&zip->sd);
	if (ret)
		kfree(zip);
	return ret;
}

static int zip_remove(struct platform_device *pdev)
{
	struct zip_parent *zip = platform_get_drvdata(pdev);

	spimdev_unregister(&zip->sd);
	qm_device_fini(&zip->qm);
	kfree(zip);
	return 0;
}

static struct platform_driver zip_driver = {
	.probe = zip_probe,
	.remove = zip_remove,
	.driver = {
		.name = "hisi_zip",
		.dev_groups = zip_groups,
	},
};

static void zip_remove_devices(void)
{
	unsigned int i;

	for (i = 0; i < ZIP_MAX_DEVICES; i++)
		platform_device_unregister(zip_devices[i]);
}

static int __init zip_init(void)
{
	struct platform_device *pdev;
	unsigned int i;
	int ret;

	if (!devices || devices > ZIP_MAX_DEVICES || !qm_version || qm_version > 2)
		return -EINVAL;
	ret = platform_driver_register(&zip_driver);
	if (ret)
		return ret;
	for (i = 0; i < devices; i++) {
		pdev = platform_device_register_simple("hisi_zip", i, NULL, 0);
		if (IS_ERR(pdev)) {
			zip_remove_devices();
			platform_driver_unregister(&zip_driver);
			return PTR_ERR(pdev);
		}
		zip_devices[i] = pdev;
	}
	return 0;
}

static void __exit zip_exit(void)
{
	zip_remove_devices();
	platform_driver_unregister(&zip_driver);
}

module_init(zip_init);
module_exit(zip_exit);
MODULE_DESCRIPTION("Simulated HiSilicon ZIP on spimdev");
MODULE_LICENSE("GPL");
