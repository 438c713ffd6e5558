/* mappingproxy.h - a read-only view of a mapping (types.MappingProxyType; what cls.__dict__
 * gives). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_MAPPINGPROXY_H
#define AIO_OBJECT_MAPPINGPROXY_H

#include "object/type.h"

typedef struct MappingProxy {
    Container head;
    Ref mapping;
} MappingProxy;

static inline bool is_mapping_proxy(Value v) { return is_kind(v, KIND_MAPPING_PROXY); }
static inline Value mapping_proxy_target(Value v)
{
    return ((MappingProxy *)as_object(v))->mapping;
}
Ref mapping_proxy_new(Vm *vm, Value mapping);

#endif
