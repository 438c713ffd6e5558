/* check_async.c - mistakes of asynchronous programs: results dropped, the loop blocked,
 * cancellation swallowed.
 *
 * Neighbours: check.c, findings.def. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/check.h"

typedef struct Look {
    Check *check;
    Node *class;              /* the class around, or NULL */
    bool in_async;            /* directly in an async def */
    int loops;                /* while and for statements around, in this function */
    Nodes body;               /* of this function, or of the module */
    const struct Look *outer; /* the function around, or the module; NULL: this is the module */
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

static const char *const task_makers[] = {"asyncio.create_task", "asyncio.ensure_future",
                                          "asyncio.gather", "asyncio.shield", NULL};
static const char *const loop_getters[] = {"asyncio.get_running_loop", "asyncio.get_event_loop",
                                           NULL};

static const char *const blocking[] = {"time.sleep",
                                       "os.system",
                                       "os.wait",
                                       "os.waitpid",
                                       "subprocess.run",
                                       "subprocess.call",
                                       "subprocess.check_call",
                                       "subprocess.check_output",
                                       "subprocess.getoutput",
                                       "subprocess.getstatusoutput",
                                       "socket.create_connection",
                                       "socket.getaddrinfo",
                                       "socket.gethostbyname",
                                       "select.select",
                                       "urllib.request.urlopen",
                                       "urllib.request.urlretrieve",
                                       "requests.get",
                                       "requests.post",
                                       "requests.put",
                                       "requests.delete",
                                       "requests.patch",
                                       "requests.head",
                                       "requests.request",
                                       NULL};

/* Does it leave the function what it is? */
static bool is_method_decorator(Node *node)
{
    return node->kind == NODE_Name && (strcmp(as_Name(node)->id, "staticmethod") == 0 ||
                                       strcmp(as_Name(node)->id, "classmethod") == 0);
}

static bool is_decorated(Nodes decorators)
{
    for (ptrdiff_t n = 0; n < decorators.len; n++)
        if (!is_method_decorator(decorators.items[n])) return true;
    return false;
}

bool check_plain_async(Nodes body, const char *name)
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
                !is_decorated(as_AsyncFunctionDef(node)->decorator_list) &&
                !check_has(node, NODE_Yield);
    }
    return count == 1 && plain;
}

/* Does the name mean an async def of this function, of one around it, or of the module? */
static bool is_async_name(const Look *look, const char *name)
{
    if (check_bindings(look->check, name) != 1) return false;
    for (; look; look = look->outer)
        if (check_plain_async(look->body, name)) return true;
    return false;
}

/* The name of the coroutine function that a call calls, or NULL. */
static const char *coroutine_called(const Look *look, Node *function)
{
    const Check *check = look->check;
    const char *name = check_dotted(check, function), *meaning = check_meaning(check, function);
    if (meaning) return is_one_of(meaning, coroutine_functions) ? name : NULL;
    if (!name) return NULL;
    if (function->kind == NODE_Name) return is_async_name(look, name) ? name : NULL;
    NodeClassDef *class = look->class ? as_ClassDef(look->class) : NULL;
    return check_coroutine_method(check, function, class) ? name : NULL;
}

/* What makes a task and is called as that, or NULL. */
static const char *task_maker(const Look *look, Node *function)
{
    const Check *check = look->check;
    const char *meaning = check_meaning(check, function);
    if (meaning) return is_one_of(meaning, task_makers) ? check_dotted(check, function) : NULL;
    if (function->kind != NODE_Attribute) return NULL;
    Node *loop = as_Attribute(function)->value;
    if (strcmp(as_Attribute(function)->attr, "create_task") != 0 || loop->kind != NODE_Call)
        return NULL;
    meaning = check_meaning(check, as_Call(loop)->func);
    return meaning && is_one_of(meaning, loop_getters) ? "loop.create_task" : NULL;
}

static void look_at_dropped(const Look *look, Node *value)
{
    if (value->kind != NODE_Call) return;
    Node *function = as_Call(value)->func;
    const char *maker = task_maker(look, function);
    if (maker) check_add(look->check, FINDING_LOST_TASK, value->pos, maker);
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

/* What a caught class catches that includes CancelledError, or NULL.  `except CancelledError` is
 * told about in a loop only: after `task.cancel()` it is how one waits for the end. */
static const char *catches_type(const Look *look, NodeExceptHandler *handler, Node *type)
{
    const char *name = check_dotted(look->check, type), *meaning = check_meaning(look->check, type);
    if (name && strcmp(name, "BaseException") == 0) return "except BaseException";
    bool cancelled = meaning && (strcmp(meaning, "asyncio.CancelledError") == 0 ||
                                 strcmp(meaning, "asyncio.exceptions.CancelledError") == 0);
    return cancelled && look->loops && !leaves(handler->body) ? "except CancelledError" : NULL;
}

static const char *catches(const Look *look, NodeExceptHandler *handler)
{
    if (!handler->type) return "a bare except";
    if (handler->type->kind != NODE_Tuple) return catches_type(look, handler, handler->type);
    Nodes types = as_Tuple(handler->type)->elts;
    for (ptrdiff_t n = 0; n < types.len; n++) {
        const char *what = catches_type(look, handler, types.items[n]);
        if (what) return what;
    }
    return NULL;
}

static bool names_cancelled(const Look *look, Node *type)
{
    const char *name = type ? check_dotted(look->check, type) : NULL;
    if (name && strstr(name, "CancelledError")) return true;
    Nodes types = type && type->kind == NODE_Tuple ? as_Tuple(type)->elts : (Nodes){0};
    for (ptrdiff_t n = 0; n < types.len; n++)
        if (names_cancelled(look, types.items[n])) return true;
    return false;
}

static void look_at_try(const Look *look, NodeTry *node)
{
    if (!look->in_async || !awaits(node->body)) return;
    for (ptrdiff_t n = 0; n < node->handlers.len; n++) {
        NodeExceptHandler *handler = as_ExceptHandler(node->handlers.items[n]);
        const char *what = catches(look, handler);
        if (!what) {
            if (names_cancelled(look, handler->type)) return; /* it comes before the wide one */
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
    Nodes body = node->kind == NODE_FunctionDef        ? as_FunctionDef(node)->body
                 : node->kind == NODE_AsyncFunctionDef ? as_AsyncFunctionDef(node)->body
                                                       : (Nodes){0};
    Look look = {outer->check, outer->class, is_async, 0, body, outer};
    node_children(node, walk, &look);
}

static void look_at_call(const Look *look, Node *node)
{
    if (!look->in_async) return;
    const char *name = check_dotted(look->check, as_Call(node)->func),
               *meaning = check_meaning(look->check, as_Call(node)->func);
    bool asks = name && strcmp(name, "input") == 0 && !check_bindings(look->check, name);
    if (asks || (meaning && is_one_of(meaning, blocking)))
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
        Look inner = {look->check, node, false, 0, {0}, look};
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
    Nodes body = as_Module(check->tree)->body;
    Look look = {check, NULL, check_has(check->tree, NODE_Await), 0, body, NULL};
    node_children(check->tree, walk, &look);
}
