/* registry.h - every module written in C.
 *
 * The Makefile collects each `const ModuleDef NAME_module` of interp/ and stdlib/ into the table:
 * a new module in C is one new file. Neighbours: object/native.h (ModuleDef), modules/import.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_REGISTRY_H
#define AIO_MODULES_REGISTRY_H

#include "object/native.h"

extern const ModuleDef *const native_modules[]; /* ends with NULL */

#endif
