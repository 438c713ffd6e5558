/* property.h - property: attributes computed by script functions. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_PROPERTY_H
#define AIO_OBJECT_PROPERTY_H

#include "object/type.h"

typedef struct Property {
    Container head;
    Ref getter, setter, deleter; /* UNDEF: none */
    Ref doc;                     /* UNDEF: the getter's */
    Ref name;                    /* by __set_name__, or UNDEF */
} Property;

static inline Property *as_property(Value v) { return (Property *)as_object(v); }

#endif
