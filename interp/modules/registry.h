/* registry.h - every module written in C.
 *
 * The Makefile collects each `const ModuleDef NAME_module` of interp/ and stdlib/ into the table:
 * a new module in C is one new file. Neighbours: object/native.h (ModuleDef), modules/import.c. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_REGISTRY_H
#define AIO_MODULES_REGISTRY_H

#include "object/native.h"

/* A row: the name beside the module, so that a search by name does not fetch a page of each. */
typedef struct NativeModule {
    const char *name;
    const ModuleDef *def; /* NULL: the table ends */
} NativeModule;

extern const NativeModule native_modules[];

#endif
