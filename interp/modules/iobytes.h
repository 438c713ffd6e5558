/* iobytes.h - BytesIO: a file of bytes in memory. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOBYTES_H
#define AIO_MODULES_IOBYTES_H

#include "object/native.h"

extern const TypeDef bytesio_type;

#endif
