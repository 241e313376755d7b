/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * spimdev: the user ABI of the WarpDrive RFC v1 (August 2018), on VFIO-mdev.
 *
 * The header of that time exists in three variants, and none was merged:
 *   A  development tree: GET_Q and WAIT as below, both take their argument by
 *      value
 *   B  the 28-line header: only GET_Q, as _IO('W', 1)
 *   C  openEuler 4.19: as B, but the argument of GET_Q is the index of the
 *      algorithm; poll() and driver ioctls on the queue
 * No command has two meanings on one descriptor: A's WAIT belongs to the queue,
 * the GET_Q of B and C to the device.
 */
#ifndef SPIMDEV_UAPI_H
#define SPIMDEV_UAPI_H

#include <linux/ioctl.h>

/* On the queue. Argument: low 16 bits = milliseconds, 0 = no limit. Returns the
 * remaining jiffies (> 0) when ready, 0 after the time, 0 when ready without a
 * limit; ENODEV once the queue is gone.
 */
#define SPIMDEV_CMD_WAIT	_IOW('W', 1, unsigned long)
/* On the device. Argument: PASID, 0 = none. Returns a queue descriptor. */
#define SPIMDEV_CMD_GET_Q	_IOW('W', 2, unsigned long)
/* On the device, variants B and C. */
#define SPIMDEV_CMD_GET_Q_IO	_IO('W', 1)

/* On the queue, variant C; low 16 bits of the argument: 0 compress, 1 decompress. */
#define HISI_QM_SET_OPTYPE	_IOW('d', 5, unsigned long)

/* params/dma_flag */
#define SPIMDEV_DMA_INVALID		0x00
#define SPIMDEV_DMA_SINGLE_PROC_MAP	0x01
#define SPIMDEV_DMA_MULTI_PROC_MAP	0x02
#define SPIMDEV_DMA_SVM			0x04
#define SPIMDEV_DMA_SVM_NO_FAULT	0x08
#define SPIMDEV_DMA_PHY			0x10

#endif
