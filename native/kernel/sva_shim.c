// SPDX-License-Identifier: GPL-2.0
/*
 * What uacce.c asks of the IOMMU for shared virtual addresses, on a machine that
 * has none: x86 kernels of 6.1 refuse iommu_sva_bind_device(). "Sharing" here is
 * that the simulated device copies from and to the opener's address space.
 */
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>

struct shim_sva {
	struct iommu_sva handle;
	u32 pasid;
};

static DEFINE_IDA(shim_pasids);

struct iommu_sva *shim_sva_bind_device(struct device *dev, struct mm_struct *mm, void *data);
void shim_sva_unbind_device(struct iommu_sva *handle);
u32 shim_sva_get_pasid(struct iommu_sva *handle);
int shim_dev_enable_feature(struct device *dev, enum iommu_dev_features feature);
int shim_dev_disable_feature(struct device *dev, enum iommu_dev_features feature);

struct iommu_sva *shim_sva_bind_device(struct device *dev, struct mm_struct *mm, void *data)
{
	struct shim_sva *sva = kzalloc(sizeof(*sva), GFP_KERNEL);
	int pasid;

	if (!sva)
		return ERR_PTR(-ENOMEM);
	pasid = ida_alloc_range(&shim_pasids, 1, 0xfffff, GFP_KERNEL);
	if (pasid < 0) {
		kfree(sva);
		return ERR_PTR(pasid);
	}
	sva->handle.dev = dev;
	sva->pasid = pasid;
	return &sva->handle;
}
EXPORT_SYMBOL_GPL(shim_sva_bind_device);

void shim_sva_unbind_device(struct iommu_sva *handle)
{
	struct shim_sva *sva = container_of(handle, struct shim_sva, handle);

	ida_free(&shim_pasids, sva->pasid);
	kfree(sva);
}
EXPORT_SYMBOL_GPL(shim_sva_unbind_device);

u32 shim_sva_get_pasid(struct iommu_sva *handle)
{
	return container_of(handle, struct shim_sva, handle)->pasid;
}
EXPORT_SYMBOL_GPL(shim_sva_get_pasid);

int shim_dev_enable_feature(struct device *dev, enum iommu_dev_features feature)
{
	return 0;
}
EXPORT_SYMBOL_GPL(shim_dev_enable_feature);

int shim_dev_disable_feature(struct device *dev, enum iommu_dev_features feature)
{
	return 0;
}
EXPORT_SYMBOL_GPL(shim_dev_disable_feature);

MODULE_DESCRIPTION("SVA calls for uacce.c where the kernel has none");
MODULE_LICENSE("GPL");
