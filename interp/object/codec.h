/* codec.h - text to bytes and back.
 *
 * Encodings: utf-8, utf-16(-le, -be), utf-32(-le, -be), latin-1, ascii, unicode_escape,
 * raw_unicode_escape and those of charmaps.def; others are looked up among those that scripts
 * registered.  Names are matched without regard to case, '-', '_' and blanks.
 * Error handlers: strict, ignore, replace, backslashreplace, xmlcharrefreplace, surrogateescape,
 * surrogatepass, namereplace; likewise.  encoding NULL: utf-8; errors NULL: strict.  Unknown ones
 * raise LookupError. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_CODEC_H
#define AIO_OBJECT_CODEC_H

#include "object/str.h"

Ref codec_encode(Vm *vm, Value text, const char *encoding, const char *errors); /* bytes */
Ref codec_decode(Vm *vm, const char *data, ptrdiff_t len, const char *encoding,
                 const char *errors); /* str */

/* The same with encoding and errors as str values, UNDEF for the default. */
Ref codec_encode_values(Vm *vm, Value text, Value encoding, Value errors);
Ref codec_decode_values(Vm *vm, const char *data, ptrdiff_t len, Value encoding, Value errors);

/* Like codec_decode, but an incomplete sequence at the end is left alone; *used: bytes consumed.
 * For streams. */
Ref codec_decode_partial(Vm *vm, const char *data, ptrdiff_t len, const char *encoding,
                         const char *errors, ptrdiff_t *used);

/* The canonical name ("utf-8", "latin-1" is "iso8859-1") of an encoding, or NULL when it is
 * unknown. */
const char *codec_name(const char *encoding);

/* With a mapping of a script: charmap_encode() and charmap_decode(). */
Ref codec_encode_mapped(Vm *vm, Value text, const char *errors, Value mapping);
Ref codec_decode_mapped(Vm *vm, const char *data, ptrdiff_t len, const char *errors, Value mapping);

/* Implemented in modules/codecs.c: the registered handler; encodings that are not ours. */
Ref codec_handler(Vm *vm, const char *name);
Ref codec_encode_other(Vm *vm, Value text, const char *encoding, const char *errors);
Ref codec_decode_other(Vm *vm, const char *data, ptrdiff_t len, const char *encoding,
                       const char *errors);

/* Raises UnicodeDecodeError(encoding, data, start, end, reason). */
Ref codec_throw_decode(Vm *vm, const char *encoding, const char *data, ptrdiff_t len,
                       ptrdiff_t start, ptrdiff_t end, const char *reason);
/* Raises UnicodeEncodeError(encoding, text, start, end, reason). */
Ref codec_throw_encode(Vm *vm, const char *encoding, Value text, ptrdiff_t start, ptrdiff_t end,
                       const char *reason);

#endif
