/* siteword.c - the builtins that are words for people: exit, quit, help, copyright, credits,
 * license.
 *
 * Each shows what it is for when its repr is printed, and does it when called.  help is
 * stdlib/aio/helping.aio. Neighbours: builtins.c. */
/* SPDX-License-Identifier: MIT */
#include "modules/siteword.h"

#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/name.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/import.h"

typedef enum Word {
    WORD_EXIT,
    WORD_QUIT,
    WORD_HELP,
    WORD_COPYRIGHT,
    WORD_CREDITS,
    WORD_LICENSE,
    WORD_COUNT
} Word;

static const struct {
    const char *name, *text;
} words[WORD_COUNT] = {
    {"exit", "Use exit() or Ctrl-D (i.e. EOF) to exit"},
    {"quit", "Use quit() or Ctrl-D (i.e. EOF) to exit"},
    {"help", "Type help(object) for help about object, and :help at the prompt for its commands."},
    {"copyright", "Copyright (c) the authors of aio. Under the MIT licence."},
    {"credits", "aio is made by its authors, over GMP, PCRE2, utf8proc and readline."},
    {"license", "The MIT licence: see the file LICENSE that comes with aio."},
};

typedef struct SiteWord {
    Object head;
    Word word;
} SiteWord;

static Word word_of(Value self) { return ((SiteWord *)as_object(self))->word; }

static Ref word_repr(Vm *vm, Value self) { return str_from(vm, words[word_of(self)].text); }

static Ref word_exit(Vm *vm, const Args *args)
{
    ptrdiff_t named = absent(args->kwnames) ? 0 : tuple_len(args->kwnames);
    if (args->argc + named > 1)
        return throw(vm, TypeError,
                     "Quitter.__call__() takes from 1 to 2 positional arguments but %d were given",
                     (int)(args->argc + named) + 1);
    if (named && !str_is(tuple_at(args->kwnames, 0), "code"))
        return throw(vm, TypeError, "Quitter.__call__() got an unexpected keyword argument '%S'",
                     tuple_at(args->kwnames, 0));
    return throw_value(vm, SystemExit, args->argc + named ? args->argv[0] : NONE);
}

static Ref word_call(Vm *vm, Value self, const Args *args)
{
    Word word = word_of(self);
    if (word == WORD_EXIT || word == WORD_QUIT) return word_exit(vm, args);
    if (word == WORD_HELP) {
        Ref package = import_text(vm, "aio.helping"), result = FAIL;
        Ref function = failed(package) ? FAIL : attr_get_text(vm, package, "help");
        if (!failed(function)) result = call_args(vm, function, args);
        decref(function);
        decref(package);
        return result;
    }
    Ref print = newref(dict_get_text(vm, as_dict(vm->interp->builtins), "print")),
        text = word_repr(vm, self);
    Ref result = !is_heap(print) || failed(text) ? FAIL : call1(vm, print, text);
    decref(text);
    decref(print);
    return result;
}

static const TypeDef siteword_type = {
    .name = "_sitebuiltins.Quitter",
    .size = sizeof(SiteWord),
    .doc = "A word for people who sit at the prompt.",
    .flags = TYPE_NO_NEW,
    .repr = word_repr,
    .call = word_call,
};

bool sitewords_add(Vm *vm, Dict *builtins)
{
    Type *type = type_from_def(vm, &siteword_type);
    for (int word = 0; type && word < WORD_COUNT; word++) {
        SiteWord *object = type_instance(vm, type);
        if (!object) return false;
        object->word = (Word)word;
        bool good = dict_set_text(vm, builtins, words[word].name, borrow(object));
        decref_object(object);
        if (!good) return false;
    }
    return type != NULL;
}
