/* ident.c - the names of a program, each known once to the compiler.
 *
 * Two open-addressing tables in the compiler's arena: by the address of the parser's Name (the
 * common, cheap look-up) and by text (the first time a Name is met, and for names the compiler
 * makes). Neighbours: scope.c and compile.c (the readers). */
/* SPDX-License-Identifier: MIT */
#include "compiler/ident.h"

#include <string.h>

#include "object/str.h"

static const struct {
    const char *text;
    IdentSpecial special;
} special_names[] = {
    {"super", IDENT_SUPER}, {"__class__", IDENT_CLASS}, {"__debug__", IDENT_DEBUG},
    {"self", IDENT_SELF},   {"locals", IDENT_LOOKS},    {"vars", IDENT_LOOKS},
    {"dir", IDENT_LOOKS},   {"eval", IDENT_LOOKS},      {"exec", IDENT_LOOKS},
};

static uint32_t hash_text(const char *text, int32_t *len)
{
    uint32_t hash = 2166136261u;
    const char *at = text;
    for (; *at; at++) hash = (hash ^ (uint8_t)*at) * 16777619u;
    *len = (int32_t)(at - text);
    return hash ? hash : 1;
}

static uint32_t hash_address(const void *address)
{
    uint64_t bits = (uint64_t)(uintptr_t)address * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(bits >> 32);
}

void idents_open(Idents *idents, Vm *vm, Arena *arena)
{
    *idents = (Idents){.vm = vm, .arena = arena, .name_capacity = 256, .text_capacity = 256};
    idents->by_name = arena_alloc(arena, idents->name_capacity * sizeof *idents->by_name);
    idents->by_text = arena_alloc(arena, idents->text_capacity * sizeof *idents->by_text);
    for (size_t i = 0; i < sizeof special_names / sizeof *special_names; i++)
        ident_text(idents, special_names[i].text)->special = (uint8_t)special_names[i].special;
}

void idents_close(Idents *idents)
{
    for (uint32_t i = 0; i < idents->text_capacity; i++)
        if (idents->by_text[i]) decref(idents->by_text[i]->str);
}

static void grow_texts(Idents *idents)
{
    Ident **old = idents->by_text;
    uint32_t old_capacity = idents->text_capacity, capacity = idents->text_capacity *= 2;
    idents->by_text = arena_alloc(idents->arena, capacity * sizeof *old);
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (!old[i]) continue;
        uint32_t at = old[i]->hash & (capacity - 1);
        while (idents->by_text[at]) at = (at + 1) & (capacity - 1);
        idents->by_text[at] = old[i];
    }
}

static bool looks_private(const char *text, int32_t len)
{
    return len > 2 && text[0] == '_' && text[1] == '_' &&
           !(text[len - 1] == '_' && text[len - 2] == '_') && !strchr(text, '.');
}

Ident *ident_text(Idents *idents, const char *text)
{
    int32_t len;
    uint32_t hash = hash_text(text, &len), mask = idents->text_capacity - 1, at = hash & mask;
    for (; idents->by_text[at]; at = (at + 1) & mask) {
        Ident *ident = idents->by_text[at];
        if (ident->hash == hash && ident->len == len && memcmp(ident->text, text, (size_t)len) == 0)
            return ident;
    }
    Ident *made = arena_alloc(idents->arena, sizeof *made);
    *made = (Ident){.text = text, .len = len, .hash = hash, .str = UNDEF};
    made->is_private = looks_private(text, len);
    idents->by_text[at] = made;
    if (++idents->text_count * 2 > idents->text_capacity) grow_texts(idents);
    return made;
}

static void grow_names(Idents *idents)
{
    struct IdentSlot *old = idents->by_name;
    uint32_t old_capacity = idents->name_capacity, capacity = idents->name_capacity *= 2;
    idents->by_name = arena_alloc(idents->arena, capacity * sizeof *old);
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (!old[i].name) continue;
        uint32_t at = hash_address(old[i].name) & (capacity - 1);
        while (idents->by_name[at].name) at = (at + 1) & (capacity - 1);
        idents->by_name[at] = old[i];
    }
}

Ident *ident_of(Idents *idents, Name name)
{
    uint32_t mask = idents->name_capacity - 1, at = hash_address(name) & mask;
    for (; idents->by_name[at].name; at = (at + 1) & mask)
        if (idents->by_name[at].name == name) return idents->by_name[at].ident;
    Ident *ident = ident_text(idents, name);
    idents->by_name[at] = (struct IdentSlot){name, ident};
    if (++idents->name_count * 2 > idents->name_capacity) grow_names(idents);
    return ident;
}

Ident *ident_mangle(Idents *idents, Ident *ident, const Ident *class_name)
{
    if (!ident->is_private || !class_name) return ident;
    const char *class_text = class_name->text;
    while (*class_text == '_') class_text++;
    if (!*class_text) return ident;
    return ident_text(idents, arena_printf(idents->arena, "_%s%s", class_text, ident->text));
}

Value ident_str(Idents *idents, Ident *ident)
{
    if (absent(ident->str)) {
        Ref str = str_from_utf8(idents->vm, ident->text, ident->len);
        if (failed(str)) return FAIL;
        str = str_intern(idents->vm, str);
        if (failed(str)) return FAIL;
        ident->str = str;
    }
    return ident->str;
}
