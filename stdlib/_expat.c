/* _expat.c - module _expat: the XML parser of the library Expat.
 *
 * A Parser has one slot for each kind of event; Expat knows of an event only while its slot holds a
 * callable.  The interpreter lock is held throughout, as most events lead to script code.  What a
 * handler raises stops the parser and goes on when Expat has returned.
 * Neighbours: _library.h, pyexpat.aio. */
/* SPDX-License-Identifier: MIT */
#include <expat.h>
#include <stdlib.h>

#include "_library.h"

/* HANDLER(field, name): XML_Set<name>Handler */
#define HANDLERS(HANDLER)                                                                          \
    HANDLER(start_element, StartElement)                                                           \
    HANDLER(end_element, EndElement)                                                               \
    HANDLER(instruction, ProcessingInstruction)                                                    \
    HANDLER(character_data, CharacterData)                                                         \
    HANDLER(unparsed_entity, UnparsedEntityDecl)                                                   \
    HANDLER(notation, NotationDecl)                                                                \
    HANDLER(start_namespace, StartNamespaceDecl)                                                   \
    HANDLER(end_namespace, EndNamespaceDecl)                                                       \
    HANDLER(comment, Comment)                                                                      \
    HANDLER(start_cdata, StartCdataSection)                                                        \
    HANDLER(end_cdata, EndCdataSection)                                                            \
    HANDLER(not_standalone, NotStandalone)                                                         \
    HANDLER(external_entity, ExternalEntityRef)                                                    \
    HANDLER(start_doctype, StartDoctypeDecl)                                                       \
    HANDLER(end_doctype, EndDoctypeDecl)                                                           \
    HANDLER(entity, EntityDecl)                                                                    \
    HANDLER(xml, XmlDecl)                                                                          \
    HANDLER(element, ElementDecl)                                                                  \
    HANDLER(attlist, AttlistDecl)                                                                  \
    HANDLER(skipped, SkippedEntity)
/* The two whose names differ: XML_SetDefaultHandler, XML_SetDefaultHandlerExpand. */
#define DEFAULT_HANDLERS(HANDLER)                                                                  \
    HANDLER(default_text, DefaultHandler)                                                          \
    HANDLER(default_expand, DefaultHandlerExpand)

/* FUNCTION(name): XML_name, a field of the Library */
#define FUNCTIONS(FUNCTION)                                                                        \
    FUNCTION(DefaultCurrent)                                                                       \
    FUNCTION(ErrorString)                                                                          \
    FUNCTION(ExpatVersion)                                                                         \
    FUNCTION(ExpatVersionInfo)                                                                     \
    FUNCTION(ExternalEntityParserCreate)                                                           \
    FUNCTION(FreeContentModel)                                                                     \
    FUNCTION(GetBase)                                                                              \
    FUNCTION(GetCurrentByteIndex)                                                                  \
    FUNCTION(GetCurrentColumnNumber)                                                               \
    FUNCTION(GetCurrentLineNumber)                                                                 \
    FUNCTION(GetErrorCode)                                                                         \
    FUNCTION(GetFeatureList)                                                                       \
    FUNCTION(GetInputContext)                                                                      \
    FUNCTION(GetSpecifiedAttributeCount)                                                           \
    FUNCTION(Parse)                                                                                \
    FUNCTION(ParserCreate_MM)                                                                      \
    FUNCTION(ParserFree)                                                                           \
    FUNCTION(SetBase)                                                                              \
    FUNCTION(SetEncoding)                                                                          \
    FUNCTION(SetParamEntityParsing)                                                                \
    FUNCTION(SetReturnNSTriplet)                                                                   \
    FUNCTION(SetUnknownEncodingHandler)                                                            \
    FUNCTION(SetUserData)                                                                          \
    FUNCTION(StopParser)                                                                           \
    FUNCTION(UseForeignDTD)

#define SLOT(field, name) SLOT_##field,
enum { HANDLERS(SLOT) DEFAULT_HANDLERS(SLOT) SLOT_COUNT };
#undef SLOT

typedef struct Library {
    Object head;
    Ref error; /* ExpatError */
    void *library;
#define FUNCTION(name) __typeof__(&XML_##name) name;
    FUNCTIONS(FUNCTION)
#undef FUNCTION
#define SETTER(field, name) __typeof__(&XML_Set##name##Handler) set_##field;
    HANDLERS(SETTER)
#undef SETTER
#define SETTER(field, name) __typeof__(&XML_Set##name) set_##field;
    DEFAULT_HANDLERS(SETTER)
#undef SETTER
    XML_Bool (*set_deferral)(XML_Parser parser, XML_Bool enabled); /* Expat 2.6; or NULL */
} Library;

typedef struct Parser {
    Container head;
    Ref library;
    Ref intern; /* dict: a name -> the str that stands for it; or None */
    Ref parent; /* the parser of the text that refers to this entity, or UNDEF */
    Ref slots[SLOT_COUNT];
    XML_Parser expat; /* NULL: cleared */
    Vm *vm;           /* while it parses */
    char *text;       /* buffered character data */
    int text_len, text_size;
    bool buffers, ordered, specified, prefixes, deferral, busy;
} Parser;

static const TypeDef parser_type;

static Parser *as_parser(Value v) { return (Parser *)(void *)as_object(v); }
static Library *library_of(const Parser *self)
{
    return (Library *)(void *)as_object(self->library);
}

/* ---- errors ---- */

static bool set_number(Vm *vm, Value error, const char *name, int64_t number)
{
    Ref key = str_interned(vm, name), value = from_int64(vm, number);
    bool good = !failed(key) && !failed(value) && attr_set(vm, error, key, value);
    decref(value);
    decref(key);
    return good;
}

static Ref throw_expat(Vm *vm, const Parser *self, int code)
{
    const Library *library = library_of(self);
    int64_t line = (int64_t)library->GetCurrentLineNumber(self->expat);
    int64_t column = (int64_t)library->GetCurrentColumnNumber(self->expat);
    const char *why = library->ErrorString((enum XML_Error)code);
    Ref text = format_text(vm, "%s: line %lld, column %lld", why ? why : "unknown error",
                           (long long)line, (long long)column);
    Ref error = failed(text) ? FAIL : call1(vm, library->error, text);
    decref(text);
    if (!failed(error) && set_number(vm, error, "code", code) &&
        set_number(vm, error, "offset", column) && set_number(vm, error, "lineno", line))
        throw_object(vm, error);
    decref(error);
    return FAIL;
}

/* ---- calling handlers ---- */

static Ref text_of(Vm *vm, const char *text) { return text ? str_from(vm, text) : NONE; }

/* A name: the same str for the same text. */
static Ref name_of(Vm *vm, const Parser *self, const char *text)
{
    Ref name = text_of(vm, text);
    if (failed(name) || is_none(name) || !is_dict(self->intern)) return name;
    Value known = dict_set_default(vm, as_dict(self->intern), name, name);
    Ref out = known == FAIL ? FAIL : newref(known);
    decref(name);
    return out;
}

/* Calls a handler with argc values, stolen; what it gives, owned; FAIL: raised, parser stopped. */
static Ref emit(Parser *self, int slot, int argc, Ref *args)
{
    Vm *vm = self->vm;
    bool good = true;
    for (int n = 0; n < argc; n++) good = good && !failed(args[n]);
    Ref out = FAIL;
    if (good && absent(vm->error)) {
        Ref handler = newref(self->slots[slot]);
        out = absent(handler) ? NONE : call(vm, handler, argc, as_values(args));
        decref(handler);
    }
    if (failed(out)) library_of(self)->StopParser(self->expat, XML_FALSE);
    for (int n = 0; n < argc; n++) decref(args[n]);
    return out;
}
#define EMIT(self, slot, ...)                                                                      \
    emit(self, slot, (int)(sizeof((Ref[]){__VA_ARGS__}) / sizeof(Ref)), (Ref[]){__VA_ARGS__})

/* Passes on the character data that were gathered; false: raised. */
static bool flush(Parser *self)
{
    if (self->text_len == 0) return true;
    int len = self->text_len;
    self->text_len = 0;
    Ref out = EMIT(self, SLOT_character_data, str_from_utf8(self->vm, self->text, len));
    decref(out);
    return !failed(out);
}

/* Is there nothing to be done any more, or does the text before the event fail? */
static bool stopped(Parser *self) { return !absent(self->vm->error) || !flush(self); }

static void on_character_data(void *data, const char *text, int len)
{
    Parser *self = data;
    if (!absent(self->vm->error)) return;
    if (!self->buffers) {
        decref(EMIT(self, SLOT_character_data, str_from_utf8(self->vm, text, len)));
        return;
    }
    if (self->text_len + len > self->text_size && !flush(self)) return;
    if (len > self->text_size) {
        decref(EMIT(self, SLOT_character_data, str_from_utf8(self->vm, text, len)));
        return;
    }
    if (!self->text) self->text = memory_new(self->vm, (size_t)self->text_size);
    if (!self->text) {
        library_of(self)->StopParser(self->expat, XML_FALSE);
        return;
    }
    memcpy(self->text + self->text_len, text, (size_t)len);
    self->text_len += len;
}

/* The attributes as a dict, or a list of names and values in turn. */
static Ref attributes_of(Vm *vm, Parser *self, const char **attributes)
{
    int count = 0;
    if (self->specified) count = library_of(self)->GetSpecifiedAttributeCount(self->expat);
    else
        while (attributes[count]) count += 2;
    Ref out = self->ordered ? list_new(vm, count) : dict_new_sized(vm, count / 2);
    for (int n = 0; !failed(out) && n < count; n += 2) {
        Ref name = name_of(vm, self, attributes[n]), value = text_of(vm, attributes[n + 1]);
        bool good = !failed(name) && !failed(value);
        if (good && self->ordered)
            good = list_push(vm, as_list(out), newref(name)) &&
                   list_push(vm, as_list(out), newref(value));
        else if (good) good = dict_set(vm, as_dict(out), name, value);
        decref(name);
        decref(value);
        if (!good) replace(&out, FAIL);
    }
    return out;
}

static void on_start_element(void *data, const char *name, const char **attributes)
{
    Parser *self = data;
    if (stopped(self)) return;
    decref(EMIT(self, SLOT_start_element, name_of(self->vm, self, name),
                attributes_of(self->vm, self, attributes)));
}

/* Events whose arguments are names and texts only. */
#define EVENT(field, parameters, ...)                                                              \
    static void on_##field parameters                                                              \
    {                                                                                              \
        Parser *self = data;                                                                       \
        if (stopped(self)) return;                                                                 \
        Vm *vm = self->vm;                                                                         \
        decref(EMIT(self, SLOT_##field, __VA_ARGS__));                                             \
    }
#define NAME_OF(text) name_of(vm, self, text)
EVENT(end_element, (void *data, const char *name), NAME_OF(name))
EVENT(instruction, (void *data, const char *target, const char *text), NAME_OF(target),
      text_of(vm, text))
EVENT(unparsed_entity,
      (void *data, const char *entity, const char *base, const char *system, const char *public_id,
       const char *notation),
      NAME_OF(entity), NAME_OF(base), NAME_OF(system), NAME_OF(public_id), NAME_OF(notation))
EVENT(notation,
      (void *data, const char *name, const char *base, const char *system, const char *public_id),
      NAME_OF(name), NAME_OF(base), NAME_OF(system), NAME_OF(public_id))
EVENT(start_namespace, (void *data, const char *prefix, const char *uri), NAME_OF(prefix),
      NAME_OF(uri))
EVENT(end_namespace, (void *data, const char *prefix), NAME_OF(prefix))
EVENT(comment, (void *data, const char *text), text_of(vm, text))
EVENT(start_doctype,
      (void *data, const char *name, const char *system, const char *public_id, int internal),
      NAME_OF(name), NAME_OF(system), NAME_OF(public_id), from_small(internal))
EVENT(entity,
      (void *data, const char *name, int parameter, const char *value, int len, const char *base,
       const char *system, const char *public_id, const char *notation),
      NAME_OF(name), from_small(parameter), value ? str_from_utf8(vm, value, len) : NONE,
      NAME_OF(base), NAME_OF(system), NAME_OF(public_id), NAME_OF(notation))
EVENT(xml, (void *data, const char *version, const char *encoding, int standalone),
      text_of(vm, version), text_of(vm, encoding), from_small(standalone))
EVENT(attlist,
      (void *data, const char *element, const char *name, const char *type, const char *value,
       int required),
      NAME_OF(element), NAME_OF(name), text_of(vm, type), text_of(vm, value), from_small(required))
EVENT(skipped, (void *data, const char *name, int parameter), NAME_OF(name), from_small(parameter))
EVENT(default_text, (void *data, const char *text, int len), str_from_utf8(vm, text, len))
EVENT(default_expand, (void *data, const char *text, int len), str_from_utf8(vm, text, len))

#define BARE_EVENT(field)                                                                          \
    static void on_##field(void *data)                                                             \
    {                                                                                              \
        if (!stopped(data)) decref(emit(data, SLOT_##field, 0, NULL));                             \
    }
BARE_EVENT(start_cdata)
BARE_EVENT(end_cdata)
BARE_EVENT(end_doctype)

/* (type, quantifier, name, children), as deep as the declaration. */
static Ref model_of(Vm *vm, const Parser *self, const XML_Content *model)
{
    if (!recursion_enter(vm)) return FAIL;
    Ref children = tuple_new(vm, model->numchildren);
    for (unsigned n = 0; !failed(children) && n < model->numchildren; n++) {
        Ref child = model_of(vm, self, &model->children[n]);
        if (failed(child)) replace(&children, FAIL);
        else as_tuple(children)->items[n] = child;
    }
    recursion_leave(vm);
    Ref name = failed(children) ? FAIL : name_of(vm, self, model->name);
    Ref out = failed(name) ? FAIL
                           : tuple_pack(vm, 4, from_small(model->type), from_small(model->quant),
                                        name, children);
    decref(name);
    decref(children);
    return out;
}

static void on_element(void *data, const char *name, XML_Content *model)
{
    Parser *self = data;
    if (!stopped(self))
        decref(EMIT(self, SLOT_element, name_of(self->vm, self, name),
                    model_of(self->vm, self, model)));
    library_of(self)->FreeContentModel(self->expat, model);
}

/* An answer of a handler as an int; 0 when it raised or is none. */
static int answer_of(Parser *self, Ref out)
{
    int64_t number = 0;
    bool good = !failed(out) && int_index(self->vm, out, &number);
    if (!good) library_of(self)->StopParser(self->expat, XML_FALSE);
    decref(out);
    return good && number != 0;
}

static int on_not_standalone(void *data)
{
    return stopped(data) ? 0 : answer_of(data, emit(data, SLOT_not_standalone, 0, NULL));
}

static int on_external_entity(XML_Parser expat, const char *context, const char *base,
                              const char *system, const char *public_id)
{
    Parser *self = XML_GetUserData(expat); /* a macro: the first field */
    if (stopped(self)) return 0;
    Vm *vm = self->vm;
    return answer_of(self, EMIT(self, SLOT_external_entity, text_of(vm, context), NAME_OF(base),
                                NAME_OF(system), NAME_OF(public_id)));
}

/* ---- encodings of one byte that Expat does not know ---- */

static int on_unknown_encoding(void *data, const char *name, XML_Encoding *encoding)
{
    Parser *self = data;
    Vm *vm = self->vm;
    char all[256];
    if (!absent(vm->error)) return XML_STATUS_ERROR;
    for (int n = 0; n < 256; n++) all[n] = (char)n;
    Ref text = codec_decode(vm, all, 256, name, "replace");
    if (failed(text)) return XML_STATUS_ERROR;
    if (!is_str(text) || as_str(text)->len != 256) {
        throw(vm, ValueError, "multi-byte encodings are not supported");
        decref(text);
        return XML_STATUS_ERROR;
    }
    for (int n = 0; n < 256; n++) {
        uint32_t point = str_at(as_str(text), n);
        encoding->map[n] = point == 0xFFFD ? -1 : (int)point;
    }
    encoding->data = NULL;
    encoding->convert = NULL;
    encoding->release = NULL;
    decref(text);
    return XML_STATUS_OK;
}

/* ---- parsing ---- */

static bool finish(Vm *vm, Parser *self, enum XML_Status status, Vm *before)
{
    if (absent(vm->error)) flush(self);
    self->vm = before;
    if (!absent(vm->error)) return false;
    if (status != XML_STATUS_ERROR) return true;
    throw_expat(vm, self, (int)library_of(self)->GetErrorCode(self->expat));
    return false;
}

/* Feeds bytes; false: raised. */
static bool feed(Vm *vm, Parser *self, const char *data, ptrdiff_t len, bool final)
{
    const Library *library = library_of(self);
    enum { PIECE = 1 << 20 };
    Vm *before = self->vm;
    Ref keep = newref(borrow(self));
    enum XML_Status status = XML_STATUS_OK;
    self->vm = vm;
    while (status == XML_STATUS_OK && len > PIECE) {
        status = library->Parse(self->expat, data, PIECE, 0);
        data += PIECE;
        len -= PIECE;
    }
    if (status == XML_STATUS_OK) status = library->Parse(self->expat, data, (int)len, final);
    bool good = finish(vm, self, status, before);
    decref(keep);
    return good;
}

NATIVE(parser_parse, "Parse(self, data, isfinal=False, /)",
       "Parse some bytes or text; isfinal: it is the last.  Returns 1.")
{
    Parser *self = as_parser(argv[0]);
    Truth final = value_truth(vm, argv[2]);
    if (final == FAILED) return FAIL;
    if (is_str(argv[1])) {
        char *owned = NULL;
        ptrdiff_t len;
        const char *text = str_utf8(vm, argv[1], &len, &owned);
        if (!text) return FAIL;
        library_of(self)->SetEncoding(self->expat, "utf-8");
        bool good = feed(vm, self, text, len, final == YES);
        memory_free(owned);
        return good ? from_small(1) : FAIL;
    }
    Buffer buffer;
    if (!buffer_get(vm, argv[1], &buffer, false)) return FAIL;
    bool good = feed(vm, self, buffer.data, buffer.len, final == YES);
    buffer_release(vm, &buffer);
    return good ? from_small(1) : FAIL;
}

NATIVE(parser_parse_file, "ParseFile(self, file, /)",
       "Parse all of a file, which has read(n) that gives bytes.  Returns 1.")
{
    Parser *self = as_parser(argv[0]);
    Ref read = attr_get_text(vm, argv[1], "read");
    if (failed(read)) {
        if (!error_is(vm, AttributeError)) return FAIL;
        error_clear(vm);
        return throw(vm, TypeError, "argument must have 'read' attribute");
    }
    for (bool more = true, good = true; more;) {
        Ref data = call1(vm, read, from_small(2048));
        Buffer buffer;
        good = !failed(data);
        if (good && !type_of(vm, data)->slots.buffer) {
            throw(vm, TypeError, "read() did not return a bytes object (type=%T)", data);
            good = false;
        }
        good = good && buffer_get(vm, data, &buffer, false);
        if (good) {
            more = buffer.len > 0;
            good = feed(vm, self, buffer.data, buffer.len, !more);
            buffer_release(vm, &buffer);
        }
        decref(data);
        if (good) continue;
        decref(read);
        return FAIL;
    }
    decref(read);
    return from_small(1);
}

/* ---- other methods ---- */

NATIVE(parser_set_base, "SetBase(self, base, /)", "Set what system identifiers are relative to.")
{
    Parser *self = as_parser(argv[0]);
    char *owned = NULL;
    if (!is_str(argv[1]))
        return throw(vm, TypeError, "SetBase() argument must be str, not %A", argv[1]);
    const char *text = str_utf8(vm, argv[1], NULL, &owned);
    if (!text) return FAIL;
    bool good = library_of(self)->SetBase(self->expat, text) != XML_STATUS_ERROR;
    memory_free(owned);
    return good ? NONE : throw_no_memory(vm);
}
NATIVE(parser_get_base, "GetBase(self, /)", "Return what SetBase() set, or None.")
{
    const Parser *self = as_parser(argv[0]);
    return text_of(vm, library_of(self)->GetBase(self->expat));
}
NATIVE(parser_context, "GetInputContext(self, /)",
       "Return the bytes from the current event on, in a handler, else None.")
{
    const Parser *self = as_parser(argv[0]);
    int offset, size;
    if (!self->vm) return NONE;
    const char *text = library_of(self)->GetInputContext(self->expat, &offset, &size);
    return text ? bytes_from(vm, text + offset, size - offset) : NONE;
}
NATIVE(parser_parameter_entities, "SetParamEntityParsing(self, flag, /)",
       "Say whether parameter entities are read: XML_PARAM_ENTITY_PARSING_*.")
{
    const Parser *self = as_parser(argv[0]);
    int64_t flag;
    if (!int_index(vm, argv[1], &flag)) return FAIL;
    return from_small(
        library_of(self)->SetParamEntityParsing(self->expat, (enum XML_ParamEntityParsing)flag));
}
NATIVE(parser_foreign_dtd, "UseForeignDTD(self, flag=True, /)",
       "Ask the external entity handler for a DTD even where the text names none.")
{
    const Parser *self = as_parser(argv[0]);
    Truth flag = value_truth(vm, argv[1]);
    if (flag == FAILED) return FAIL;
    enum XML_Error code = library_of(self)->UseForeignDTD(self->expat, flag == YES);
    return code == XML_ERROR_NONE ? NONE : throw_expat(vm, self, (int)code);
}
NATIVE(parser_get_deferral, "GetReparseDeferralEnabled(self, /)",
       "Return whether a token cut in two is put off until much more has come.")
{
    return from_bool(as_parser(argv[0])->deferral);
}
NATIVE(parser_set_deferral, "SetReparseDeferralEnabled(self, enabled, /)",
       "Say whether it is; without effect before Expat 2.6.")
{
    Parser *self = as_parser(argv[0]);
    Truth flag = value_truth(vm, argv[1]);
    if (flag == FAILED) return FAIL;
    if (library_of(self)->set_deferral && library_of(self)->set_deferral(self->expat, flag == YES))
        self->deferral = flag == YES;
    return NONE;
}

/* ---- handlers as attributes ---- */

static void set_handler(Parser *self, int slot, bool on)
{
    const Library *library = library_of(self);
    switch (slot) {
#define CASE(field, name)                                                                          \
    case SLOT_##field: library->set_##field(self->expat, on ? on_##field : NULL); break;
        HANDLERS(CASE)
        DEFAULT_HANDLERS(CASE)
#undef CASE
    }
}

static Ref get_slot(Value self, int slot)
{
    Value handler = as_parser(self)->slots[slot];
    return absent(handler) ? NONE : newref(handler);
}

static bool set_slot(Vm *vm, Value object, int slot, Value value)
{
    Parser *self = as_parser(object);
    if (absent(value)) {
        throw(vm, RuntimeError, "Cannot delete attribute");
        return false;
    }
    if (slot == SLOT_character_data && self->vm && !flush(self)) return false;
    replace(&self->slots[slot], is_none(value) ? UNDEF : newref(value));
    set_handler(self, slot, !is_none(value));
    return true;
}

#define ACCESS(field, name)                                                                        \
    static Ref get_##field(Vm *vm __attribute__((unused)), Value self)                             \
    {                                                                                              \
        return get_slot(self, SLOT_##field);                                                       \
    }                                                                                              \
    static bool set_##field(Vm *vm, Value self, Value value)                                       \
    {                                                                                              \
        return set_slot(vm, self, SLOT_##field, value);                                            \
    }
HANDLERS(ACCESS)
DEFAULT_HANDLERS(ACCESS)
#undef ACCESS

/* ---- making ---- */

static Parser *parser_blank(Vm *vm, Value library, Value intern)
{
    Type *type = type_from_def(vm, &parser_type);
    Parser *self = type ? type_instance(vm, type) : NULL;
    if (!self) return NULL;
    self->library = newref(library);
    self->intern = newref(intern);
    self->text_size = 8192;
    return self;
}

static Ref parser_opened(Vm *vm, Parser *self)
{
    const Library *library = library_of(self);
    if (!self->expat) {
        decref_object(self);
        return throw_no_memory(vm);
    }
    library->SetUserData(self->expat, self);
    library->SetUnknownEncodingHandler(self->expat, on_unknown_encoding, self);
    self->deferral = library->set_deferral != NULL;
    return from_object(self);
}

static bool text_or_none(Vm *vm, Value v, const char *name, const char **text, char **owned)
{
    *text = NULL;
    if (is_none(v)) return true;
    if (!is_str(v))
        throw(vm, TypeError, "ParserCreate() argument '%s' must be str or None, not %A", name, v);
    else *text = str_utf8(vm, v, NULL, owned);
    return *text != NULL;
}

NATIVE(expat_create, "ParserCreate(encoding=None, namespace_separator=None, intern=?)",
       "Return a new parser.\n"
       "encoding: instead of what the text says; namespace_separator: a character to put between "
       "namespace and name, '' for none, None: namespaces are not looked at; intern: a dict for "
       "names, None: each is made anew.")
{
    const char *encoding, *separator;
    char *owned[2] = {NULL, NULL};
    Ref out = FAIL, intern = UNDEF, library = UNDEF;
    if (!text_or_none(vm, argv[0], "encoding", &encoding, &owned[0]) ||
        !text_or_none(vm, argv[1], "namespace_separator", &separator, &owned[1]))
        goto done;
    if (separator && strlen(separator) > 1) {
        throw(vm, ValueError,
              "namespace_separator must be at most one character, omitted, or None");
        goto done;
    }
    if (!absent(argv[2]) && !is_none(argv[2]) && !is_dict(argv[2])) {
        throw(vm, TypeError, "intern must be a dictionary");
        goto done;
    }
    intern = absent(argv[2]) ? dict_new(vm) : newref(argv[2]);
    library = failed(intern) ? FAIL : library_of_module(vm, "_expat");
    Parser *self = failed(library) ? NULL : parser_blank(vm, library, intern);
    if (!self) goto done;
    self->expat = library_of(self)->ParserCreate_MM(encoding, NULL, separator);
    out = parser_opened(vm, self);
done:
    memory_free(owned[0]);
    memory_free(owned[1]);
    decref(intern);
    decref(library);
    return out;
}

NATIVE(parser_external, "ExternalEntityParserCreate(self, context, encoding=None, /)",
       "Return a parser for an external entity, with the same handlers.\n"
       "context: what the external entity handler got.")
{
    Parser *self = as_parser(argv[0]);
    const char *context, *encoding;
    char *owned[2] = {NULL, NULL};
    Ref out = FAIL;
    if (text_or_none(vm, argv[1], "context", &context, &owned[0]) &&
        text_or_none(vm, argv[2], "encoding", &encoding, &owned[1])) {
        Parser *child = parser_blank(vm, self->library, self->intern);
        if (child) {
            child->parent = newref(argv[0]);
            child->buffers = self->buffers;
            child->text_size = self->text_size;
            child->ordered = self->ordered;
            child->specified = self->specified;
            child->prefixes = self->prefixes;
            child->expat =
                library_of(self)->ExternalEntityParserCreate(self->expat, context, encoding);
            out = parser_opened(vm, child);
            for (int n = 0; !failed(out) && n < SLOT_COUNT; n++)
                child->slots[n] = newref(self->slots[n]);
        }
    }
    memory_free(owned[0]);
    memory_free(owned[1]);
    return out;
}

static void parser_visit(Object *object, Visit *visit, void *context)
{
    Parser *self = (Parser *)(void *)object;
    for (int n = 0; n < SLOT_COUNT; n++)
        if (is_heap(self->slots[n])) visit(&self->slots[n], context);
}

static void parser_clear(Object *object)
{
    Parser *self = (Parser *)(void *)object;
    if (self->expat) library_of(self)->ParserFree(self->expat);
    self->expat = NULL;
    memory_free(self->text);
    self->text = NULL;
    for (int n = 0; n < SLOT_COUNT; n++) clear(&self->slots[n]);
}

/* ---- other attributes ---- */

#define FLAG(name_, field)                                                                         \
    static Ref get_##name_(Vm *vm __attribute__((unused)), Value self)                             \
    {                                                                                              \
        return from_bool(as_parser(self)->field);                                                  \
    }                                                                                              \
    static bool set_##name_(Vm *vm, Value object, Value value)                                     \
    {                                                                                              \
        Parser *self = as_parser(object);                                                          \
        Truth flag = FAILED;                                                                       \
        if (absent(value)) throw(vm, RuntimeError, "Cannot delete attribute");                     \
        else flag = value_truth(vm, value);                                                        \
        if (flag == FAILED) return false;                                                          \
        self->field = flag == YES;                                                                 \
        return flag_changed(self);                                                                 \
    }

/* What is gathered goes out when it is gathered no more; Expat is told about prefixes. */
static bool flag_changed(Parser *self)
{
    library_of(self)->SetReturnNSTriplet(self->expat, self->prefixes);
    return self->buffers || !self->vm || flush(self);
}
FLAG(buffer_text, buffers)
FLAG(namespace_prefixes, prefixes)
FLAG(ordered_attributes, ordered)
FLAG(specified_attributes, specified)

static Ref get_buffer_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_parser(self)->text_size);
}
static bool set_buffer_size(Vm *vm, Value object, Value value)
{
    Parser *self = as_parser(object);
    int64_t size = 0;
    if (absent(value)) throw(vm, RuntimeError, "Cannot delete attribute");
    else if (!is_any_int(value)) throw(vm, TypeError, "buffer_size must be an integer");
    else if (!int_index(vm, value, &size)) return false;
    else if (size <= 0) throw(vm, ValueError, "buffer_size must be greater than zero");
    else if (size > INT32_MAX)
        throw(vm, ValueError, "buffer_size must not be greater than %d", INT32_MAX);
    if (size <= 0 || size > INT32_MAX || (self->vm && !flush(self))) return false;
    memory_free(self->text);
    self->text = NULL;
    self->text_len = 0;
    self->text_size = (int)size;
    return true;
}
static Ref get_buffer_used(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_parser(self)->text_len);
}
static Ref get_intern(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_parser(self)->intern);
}

#define PLACE(name, function)                                                                      \
    static Ref get_##name(Vm *vm, Value self)                                                      \
    {                                                                                              \
        const Parser *parser = as_parser(self);                                                    \
        return from_int64(vm, (int64_t)library_of(parser)->function(parser->expat));               \
    }
PLACE(error_code, GetErrorCode)
PLACE(line, GetCurrentLineNumber)
PLACE(column, GetCurrentColumnNumber)
PLACE(byte, GetCurrentByteIndex)

static const Attribute parser_attributes[] = {
#define ROW(field, name)                                                                           \
    {#name "Handler", get_##field, set_##field, "Called for each such event, or None."},
    HANDLERS(ROW)
#undef ROW
        {"DefaultHandler", get_default_text, set_default_text,
         "Called with text that no other handler takes, or None."},
    {"DefaultHandlerExpand", get_default_expand, set_default_expand,
     "The same, while internal entities are expanded."},
    {"ErrorCode", get_error_code, NULL, "The code of the error, 0: none."},
    {"ErrorLineNumber", get_line, NULL, "The line of the error, from 1."},
    {"ErrorColumnNumber", get_column, NULL, "The column of the error, from 0."},
    {"ErrorByteIndex", get_byte, NULL, "How many bytes are before the error."},
    {"CurrentLineNumber", get_line, NULL, "The line of the event, from 1."},
    {"CurrentColumnNumber", get_column, NULL, "The column of the event, from 0."},
    {"CurrentByteIndex", get_byte, NULL, "How many bytes are before the event."},
    {"buffer_text", get_buffer_text, set_buffer_text, "Are neighbouring texts joined?"},
    {"buffer_size", get_buffer_size, set_buffer_size, "How many bytes of text are joined."},
    {"buffer_used", get_buffer_used, NULL, "How many bytes of text wait."},
    {"namespace_prefixes", get_namespace_prefixes, set_namespace_prefixes,
     "Do names tell their prefix too?"},
    {"ordered_attributes", get_ordered_attributes, set_ordered_attributes,
     "Are attributes a list, not a dict?"},
    {"specified_attributes", get_specified_attributes, set_specified_attributes,
     "Are only attributes told that the text has, not those by default?"},
    {"intern", get_intern, NULL, "The dict of names."},
    {0},
};
static const Native *const parser_methods[] = {
    &parser_parse_def,
    &parser_parse_file_def,
    &parser_set_base_def,
    &parser_get_base_def,
    &parser_context_def,
    &parser_external_def,
    &parser_foreign_dtd_def,
    &parser_get_deferral_def,
    &parser_set_deferral_def,
    &parser_parameter_entities_def,
    NULL,
};
static const TypeDef parser_type = {
    .name = "pyexpat.xmlparser",
    .doc = "A parser of XML, which calls handlers.",
    .size = sizeof(Parser),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Parser, library), REF(Parser, intern), REF(Parser, parent)),
    .visit = parser_visit,
    .clear = parser_clear,
    .methods = parser_methods,
    .attributes = parser_attributes,
};

/* ---- the module ---- */

NATIVE(expat_error_string, "ErrorString(code, /)", "Return what an error's code means, or None.")
{
    int64_t code;
    Ref library = int_index(vm, argv[0], &code) ? library_of_module(vm, "_expat") : FAIL;
    if (failed(library)) return FAIL;
    const char *text = ((Library *)(void *)as_object(library))->ErrorString((enum XML_Error)code);
    decref(library);
    return text_of(vm, text);
}

static const TypeDef library_type = {
    .name = "pyexpat.Library",
    .doc = "The library that parses.",
    .size = sizeof(Library),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Library, error)),
};

static bool library_load(Vm *vm, Library *library)
{
    static const char *const files[] = {"libexpat.so.1", "libexpat.so", NULL};
    const Entry entries[] = {
#define ENTRY(name) {"XML_" #name, &library->name},
        FUNCTIONS(ENTRY)
#undef ENTRY
#define ENTRY(field, name) {"XML_Set" #name "Handler", &library->set_##field},
            HANDLERS(ENTRY)
#undef ENTRY
#define ENTRY(field, name) {"XML_Set" #name, &library->set_##field},
                DEFAULT_HANDLERS(ENTRY)
#undef ENTRY
    };
    library->library = library_open(vm, files, sizeof entries / sizeof *entries, entries);
    if (!library->library) return false;
    void *entry = dlsym(library->library, "XML_SetReparseDeferralEnabled");
    memcpy(&library->set_deferral, &entry, sizeof entry);
    return true;
}

static bool set_features(Vm *vm, Value module, const Library *library)
{
    Ref features = list_new(vm, 0);
    const XML_Feature *feature = library->GetFeatureList();
    for (; !failed(features) && feature->feature != XML_FEATURE_END; feature++) {
        Ref name = str_from(vm, feature->name), value = from_int64(vm, feature->value);
        Ref pair = failed(name) || failed(value) ? FAIL : tuple_pack(vm, 2, name, value);
        decref(name);
        decref(value);
        if (failed(pair) || !list_push(vm, as_list(features), pair)) replace(&features, FAIL);
    }
    if (failed(features) || !module_set(vm, module, "features", features)) return false;
    XML_Expat_Version version = library->ExpatVersionInfo();
    Ref numbers = tuple_pack(vm, 3, from_small(version.major), from_small(version.minor),
                             from_small(version.micro));
    return !failed(numbers) && module_set(vm, module, "version_info", numbers) &&
           module_set(vm, module, "EXPAT_VERSION", str_from(vm, library->ExpatVersion()));
}

static bool expat_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &library_type), *parser = type_from_def(vm, &parser_type);
    Library *library = type && parser ? type_instance(vm, type) : NULL;
    if (!library) return false;
    Ref self = from_object(library);
    bool good = library_load(vm, library);
    if (good) library->error = module_exception(vm, module, "xml.parsers.expat", "ExpatError");
    good = good && !failed(library->error) && set_features(vm, module, library) &&
           module_set(vm, module, "XMLParserType", newref(borrow(parser))) &&
           module_set(vm, module, "_library", newref(self));
    decref(self);
    return good;
}

static const Native *const expat_functions[] = {&expat_create_def, &expat_error_string_def, NULL};
const ModuleDef _expat_module = {
    .name = "_expat",
    .doc = "The XML parser of the library Expat.",
    .functions = expat_functions,
    .open = expat_open,
};
