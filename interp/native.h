/* native.h - everything a module written in C may use.
 *
 * A module in stdlib/NAME.c includes this, system and library headers, nothing else, and defines
 * `const ModuleDef NAME_module`.  If it needs more, this file grows. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_NATIVE_H
#define AIO_NATIVE_H

#include "base/block.h"
#include "base/charname.h"
#include "base/half.h"
#include "base/hex.h"
#include "base/numtext.h"
#include "base/utf8.h"
#include "loop/socketwait.h"
#include "object/attr.h"
#include "object/audit.h"
#include "object/bytearray.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/char.h"
#include "object/codec.h"
#include "object/complex.h"
#include "object/context.h"
#include "object/dict.h"
#include "object/dictview.h"
#include "object/error.h"
#include "object/exception.h"
#include "object/float.h"
#include "object/function.h"
#include "object/genericalias.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/mappingproxy.h"
#include "object/member.h"
#include "object/memoryview.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/range.h"
#include "object/sequence.h"
#include "object/set.h"
#include "object/shape.h"
#include "object/str.h"
#include "object/structseq.h"
#include "object/tuple.h"
#include "object/weakref.h"
#include "vm/import.h"
#include "vm/signals.h"
#include "vm/thread.h"

#endif
