/* check_class.c - is what a call calls a coroutine method: `queue.put(1)` after
 * `queue = asyncio.Queue()`, `self.get()`, `Client.make()`?
 *
 * The class of a value is known when everything in the file that binds its name (or its attribute
 * of self) is an assignment of a call to one class, of asyncio or of the file's top level.
 * Neighbours: check.h, check_async.c (asks), check_import.c (what names mean). */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/check.h"

/* Methods of asyncio's classes that must be awaited, with a blank after each. */
static const struct {
    const char *class, *methods;
} library[] = {{"asyncio.Queue", "get put join "},
               {"asyncio.PriorityQueue", "get put join "},
               {"asyncio.LifoQueue", "get put join "},
               {"asyncio.Lock", "acquire "},
               {"asyncio.Semaphore", "acquire "},
               {"asyncio.BoundedSemaphore", "acquire "},
               {"asyncio.Event", "wait "},
               {"asyncio.Condition", "acquire wait wait_for "},
               {"asyncio.Barrier", "wait reset abort "}};

/* A class: asyncio's by its name, or one of the file; both NULL: not known. */
typedef struct Class {
    const char *name;
    NodeClassDef *node;
} Class;

/* ---- what is bound to a name or an attribute of self ---- */

typedef struct Held {
    const Check *check;
    const char *name;
    bool attribute; /* self.name, else the name */
    int bound;      /* stores and deletions of an attribute of that name, of whatever object */
    int assigned;   /* ... that are `target = Class(...)` */
    Class class;
    bool differs; /* ... of more than one class */
} Held;

static Class class_named(const Check *check, Node *node)
{
    const char *meaning = check_meaning(check, node);
    if (meaning) return (Class){meaning, NULL};
    const char *name = node->kind == NODE_Name ? as_Name(node)->id : NULL;
    Nodes body = as_Module(check->tree)->body;
    for (ptrdiff_t n = 0; name && n < body.len; n++) {
        NodeClassDef *class =
            body.items[n]->kind == NODE_ClassDef ? as_ClassDef(body.items[n]) : NULL;
        if (class && strcmp(class->name, name) == 0 && check_bindings(check, name) == 1 &&
            !class->decorator_list.len && !class->keywords.len)
            return (Class){NULL, class};
    }
    return (Class){NULL, NULL};
}

static bool is_same_class(Class a, Class b)
{
    return a.node == b.node && !a.name == !b.name && (!a.name || strcmp(a.name, b.name) == 0);
}

static bool is_attribute_of_self(Node *node, const char *name)
{
    return node->kind == NODE_Attribute && strcmp(as_Attribute(node)->attr, name) == 0 &&
           as_Attribute(node)->value->kind == NODE_Name &&
           strcmp(as_Name(as_Attribute(node)->value)->id, "self") == 0;
}

static void look_at_assignment(Held *held, Node *target, Node *value)
{
    bool ours = held->attribute
                    ? is_attribute_of_self(target, held->name)
                    : target->kind == NODE_Name && strcmp(as_Name(target)->id, held->name) == 0;
    if (!ours || value->kind != NODE_Call) return;
    Class class = class_named(held->check, as_Call(value)->func);
    bool known = class.name || class.node;
    if (!known || (held->assigned && !is_same_class(class, held->class))) held->differs = true;
    held->class = class;
    held->assigned++;
}

static void collect(Node *node, void *context)
{
    Held *held = context;
    if (node->kind == NODE_Assign && as_Assign(node)->targets.len == 1)
        look_at_assignment(held, as_Assign(node)->targets.items[0], as_Assign(node)->value);
    if (node->kind == NODE_AnnAssign && as_AnnAssign(node)->value)
        look_at_assignment(held, as_AnnAssign(node)->target, as_AnnAssign(node)->value);
    if (node->kind == NODE_Attribute && as_Attribute(node)->ctx != CTX_LOAD &&
        strcmp(as_Attribute(node)->attr, held->name) == 0)
        held->bound++;
    node_children(node, collect, context);
}

static Held look_up(const Check *check, const char *name, bool attribute)
{
    Held held = {.check = check, .name = name, .attribute = attribute};
    collect(check->tree, &held);
    return held;
}

static Class class_of_value(const Check *check, Node *value)
{
    bool attribute =
        value->kind == NODE_Attribute && is_attribute_of_self(value, as_Attribute(value)->attr);
    const char *name = attribute                  ? as_Attribute(value)->attr
                       : value->kind == NODE_Name ? as_Name(value)->id
                                                  : NULL;
    if (!name) return (Class){NULL, NULL};
    Held held = look_up(check, name, attribute);
    int others = check_bindings(check, name), bound = attribute ? held.bound + others : others;
    return held.differs || held.assigned != bound ? (Class){NULL, NULL} : held.class;
}

/* ---- methods ---- */

static bool is_library_coroutine(const char *class, const char *method)
{
    size_t len = strlen(method);
    for (size_t n = 0; n < sizeof library / sizeof *library; n++) {
        const char *at = library[n].methods;
        if (strcmp(class, library[n].class) != 0) continue;
        for (; *at; at += strcspn(at, " ") + 1)
            if (strncmp(at, method, len) == 0 && at[len] == ' ') return true;
    }
    return false;
}

bool check_coroutine_method(const Check *check, Node *function, NodeClassDef *inside)
{
    if (function->kind != NODE_Attribute) return false;
    Node *value = as_Attribute(function)->value;
    const char *method = as_Attribute(function)->attr;
    bool self = value->kind == NODE_Name && strcmp(as_Name(value)->id, "self") == 0;
    Class class = self ? (Class){NULL, inside} : class_named(check, value);
    if (class.name) return false; /* a class or module that is imported */
    if (!class.node) class = class_of_value(check, value);
    if (class.name) return is_library_coroutine(class.name, method);
    return class.node && check_plain_async(class.node->body, method) &&
           (self || look_up(check, method, true).bound == 0);
}
