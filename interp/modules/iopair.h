/* iopair.h - BufferedRWPair: a reader and a writer in one. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOPAIR_H
#define AIO_MODULES_IOPAIR_H

#include "object/native.h"

extern const TypeDef buffered_pair_type;

#endif
