/* check_async.c - mistakes of asynchronous programs: results dropped, the loop blocked,
 * cancellation swallowed.
 *
 * Neighbours: check.c, findings.def. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/check.h"

typedef struct Look {
    Check *check;
    Node *class;   /* the class around, or NULL */
    bool in_async; /* directly in an async def */
    int loops;     /* while and for statements around, in this function */
} Look;

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

/* ---- which calls give a coroutine ---- */

/* Coroutine functions of asyncio: what they give must be awaited. */
static const char *const coroutine_functions[] = {"asyncio.sleep",
                                                  "asyncio.wait",
                                                  "asyncio.wait_for",
                                                  "asyncio.to_thread",
                                                  "asyncio.open_connection",
                                                  "asyncio.start_server",
                                                  "asyncio.open_unix_connection",
                                                  "asyncio.start_unix_server",
                                                  "asyncio.create_subprocess_exec",
                                                  "asyncio.create_subprocess_shell",
                                                  NULL};

static const char *const task_makers[] = {"asyncio.create_task", "asyncio.ensure_future", NULL};

static const char *const blocking[] = {"time.sleep",
                                       "os.system",
                                       "os.wait",
                                       "os.waitpid",
                                       "subprocess.run",
                                       "subprocess.call",
                                       "subprocess.check_call",
                                       "subprocess.check_output",
                                       "subprocess.getoutput",
                                       "socket.create_connection",
                                       "urllib.request.urlopen",
                                       "requests.get",
                                       "requests.post",
                                       "requests.put",
                                       "requests.delete",
                                       "requests.head",
                                       "requests.request",
                                       NULL};

/* How often a name is defined in a body, and is the last one a plain async def? */
static bool is_plain_async(Nodes body, const char *name)
{
    int count = 0;
    bool plain = false;
    for (ptrdiff_t n = 0; n < body.len; n++) {
        Node *node = body.items[n];
        const char *defined = node->kind == NODE_AsyncFunctionDef ? as_AsyncFunctionDef(node)->name
                              : node->kind == NODE_FunctionDef    ? as_FunctionDef(node)->name
                                                                  : NULL;
        if (!defined || strcmp(defined, name) != 0) continue;
        count++;
        plain = node->kind == NODE_AsyncFunctionDef &&
                !as_AsyncFunctionDef(node)->decorator_list.len && !check_has(node, NODE_Yield);
    }
    return count == 1 && plain;
}

/* Is name bound in the module by nothing but that definition? */
static bool is_bound_once(const Check *check, const char *name)
{
    Compiler *c = check->compiler;
    const Scope *scope = scope_of(c, check->tree, ROLE_MAIN);
    const Symbol *symbol = scope ? scope_find(scope, ident_text(&c->idents, name)) : NULL;
    return symbol && !(symbol->flags & (SYM_DELETED | SYM_WALRUS));
}

/* The name of the coroutine function that a call calls, or NULL. */
static const char *coroutine_called(const Look *look, Node *function)
{
    const Check *check = look->check;
    const char *name = check_dotted(check, function);
    if (!name) return NULL;
    if (is_one_of(name, coroutine_functions)) return name;
    if (function->kind == NODE_Name)
        return is_plain_async(as_Module(check->tree)->body, name) && is_bound_once(check, name)
                   ? name
                   : NULL;
    if (strncmp(name, "self.", 5) != 0 || strchr(name + 5, '.') || !look->class) return NULL;
    return is_plain_async(as_ClassDef(look->class)->body, name + 5) ? name : NULL;
}

static void look_at_dropped(const Look *look, Node *value)
{
    if (value->kind != NODE_Call) return;
    Node *function = as_Call(value)->func;
    const char *name = check_dotted(look->check, function);
    if (name && is_one_of(name, task_makers))
        check_add(look->check, FINDING_LOST_TASK, value->pos, name);
    const char *coroutine = coroutine_called(look, function);
    if (coroutine) check_add(look->check, FINDING_NO_AWAIT, value->pos, coroutine);
}

/* ---- except ---- */

/* Does a name occur in the statements? */
typedef struct NameSearch {
    const char *name;
    bool found;
} NameSearch;

static void find_name(Node *node, void *context)
{
    NameSearch *looked = context;
    if (node->kind == NODE_Name && strcmp(as_Name(node)->id, looked->name) == 0)
        looked->found = true;
    if (!looked->found) node_children(node, find_name, context);
}

static bool uses_name(NodeExceptHandler *handler, const char *name)
{
    NameSearch looked = {name, false};
    for (ptrdiff_t n = 0; n < handler->body.len; n++) find_name(handler->body.items[n], &looked);
    return looked.found;
}

static bool body_has(Nodes body, NodeKind kind)
{
    for (ptrdiff_t n = 0; n < body.len; n++)
        if (body.items[n]->kind == kind || check_has(body.items[n], kind)) return true;
    return false;
}

static bool awaits(Nodes body)
{
    return body_has(body, NODE_Await) || body_has(body, NODE_AsyncFor) ||
           body_has(body, NODE_AsyncWith);
}

static bool leaves(Nodes body)
{
    return body_has(body, NODE_Raise) || body_has(body, NODE_Return) || body_has(body, NODE_Break);
}

/* What a handler catches that includes CancelledError, or NULL.  `except CancelledError` is told
 * about in a loop only: after `task.cancel()` it is how one waits for the end. */
static const char *catches(const Look *look, NodeExceptHandler *handler)
{
    if (!handler->type) return "a bare except";
    const char *name = check_dotted(look->check, handler->type);
    if (!name) return NULL;
    if (strcmp(name, "BaseException") == 0) return "except BaseException";
    bool cancelled =
        strcmp(name, "asyncio.CancelledError") == 0 || strcmp(name, "CancelledError") == 0;
    return cancelled && look->loops && !leaves(handler->body) ? "except CancelledError" : NULL;
}

static void look_at_try(const Look *look, NodeTry *node)
{
    if (!look->in_async || !awaits(node->body)) return;
    for (ptrdiff_t n = 0; n < node->handlers.len; n++) {
        NodeExceptHandler *handler = as_ExceptHandler(node->handlers.items[n]);
        const char *what = catches(look, handler);
        const char *type = handler->type ? check_dotted(look->check, handler->type) : NULL;
        if (!what) {
            if (type && strstr(type, "CancelledError")) return; /* it comes before the wide one */
            continue;
        }
        if (body_has(handler->body, NODE_Raise)) return;
        if (handler->name && uses_name(handler, handler->name)) return;
        check_add(look->check, FINDING_SWALLOWS, handler->head.pos, what);
        return;
    }
}

/* ---- walking ---- */

static void walk(Node *node, void *context);

static void walk_function(const Look *outer, Node *node, bool is_async)
{
    Look look = {outer->check, outer->class, is_async, 0};
    node_children(node, walk, &look);
}

static void look_at_call(const Look *look, Node *node)
{
    const char *name = look->in_async ? check_dotted(look->check, as_Call(node)->func) : NULL;
    if (name && is_one_of(name, blocking))
        check_add(look->check, FINDING_BLOCKS, node->pos,
                  arena_printf(look->check->arena, "%s()", name));
}

static void walk(Node *node, void *context)
{
    Look *look = context;
    switch (node->kind) {
    case NODE_FunctionDef:
    case NODE_Lambda: walk_function(look, node, false); return;
    case NODE_AsyncFunctionDef: walk_function(look, node, true); return;
    case NODE_ClassDef: {
        Look inner = {look->check, node, false, 0};
        node_children(node, walk, &inner);
        return;
    }
    case NODE_While:
    case NODE_For:
    case NODE_AsyncFor:
        look->loops++;
        node_children(node, walk, context);
        look->loops--;
        return;
    case NODE_Expr: look_at_dropped(look, as_Expr(node)->value); break;
    case NODE_Call: look_at_call(look, node); break;
    case NODE_Try: look_at_try(look, as_Try(node)); break;
    default: break;
    }
    node_children(node, walk, context);
}

void check_awaits(Check *check)
{
    Look look = {check, NULL, check_has(check->tree, NODE_Await), 0};
    node_children(check->tree, walk, &look);
}
