/* symbols.c - walks the tree and notes which scope binds, uses or declares which name.
 *
 * One pass, before anything is emitted.  Errors that depend on names only are found here, in source
 * order: declarations after use, duplicate parameters, misplaced walrus, yield in comprehensions.
 * Neighbours: scope.c (resolves what was noted), compile.h. */
/* SPDX-License-Identifier: MIT */
#include "compiler/compile.h"

#include <string.h>

#include "compiler/suspect.h"

static void visit(Compiler *c, Node *node);

static void visit_child(Node *child, void *context) { visit(context, child); }
static void visit_opt(Compiler *c, Node *node)
{
    if (node) visit(c, node);
}
static void visit_list(Compiler *c, Nodes list)
{
    for (ptrdiff_t i = 0; i < list.len && !c->failed; i++) visit_opt(c, list.items[i]);
}
/* Statements that may run or not: what they annotate is conditional. */
static void visit_conditional(Compiler *c, Nodes list)
{
    c->scopes.conditional++;
    visit_list(c, list);
    c->scopes.conditional--;
}

static void check_debug(Compiler *c, const Ident *name, Pos pos, const char *verb)
{
    if (name->special == IDENT_DEBUG) compile_error(c, pos, "cannot %s __debug__", verb);
}

static Ident *here(Compiler *c, Name name) { return scope_ident(c, c->scope, name); }

/* Binds name in the current scope. */
static Symbol *bind(Compiler *c, Name name, Pos pos, uint32_t flags)
{
    Ident *ident = here(c, name);
    check_debug(c, ident, pos, "assign to");
    return scope_define(c, c->scope, ident, flags);
}

static void add_parameter(Compiler *c, const char *text)
{
    scope_define(c, c->scope, ident_text(&c->idents, text), SYM_PARAM);
}

/* ---- names */

static void visit_name(Compiler *c, NodeName *node)
{
    Ident *ident = here(c, node->id);
    Scope *scope = c->scope;
    if (node->ctx == CTX_LOAD) {
        scope_define(c, scope, ident, SYM_USE);
        if (ident->special == IDENT_SUPER && scope_is_function(scope))
            scope_define(c, scope, ident_text(&c->idents, "__class__"), SYM_USE);
        else if (ident->special == IDENT_LOOKS) scope->unit->looks = true;
    } else if (node->ctx == CTX_STORE) {
        check_debug(c, ident, node->head.pos, "assign to");
        scope_define(c, scope, ident, SYM_LOCAL);
    } else {
        check_debug(c, ident, node->head.pos, "delete");
        scope_define(c, scope, ident, SYM_LOCAL | SYM_DELETED);
    }
}

/* The module around binds a name that one of its functions calls global in its globals too, even
 * where exec() gave it other locals. */
static void declare_outer(Compiler *c, Ident *ident)
{
    Scope *at = c->scope;
    while (at->parent) at = at->parent;
    if (at != c->scope && at->kind == SCOPE_MODULE) scope_define(c, at, ident, SYM_OUTER);
}

static void declare(Compiler *c, Names names, Pos pos, bool global)
{
    const char *word = global ? "global" : "nonlocal";
    if (!global && c->scope->kind == SCOPE_MODULE) {
        compile_error(c, pos, "nonlocal declaration not allowed at module level");
        return;
    }
    for (ptrdiff_t i = 0; i < names.len && !c->failed; i++) {
        Ident *ident = here(c, names.items[i]);
        Symbol *symbol = scope_symbol(c, c->scope, ident);
        uint32_t flags = symbol->flags;
        if (flags & SYM_PARAM)
            compile_error(c, pos, "name '%s' is parameter and %s", ident->text, word);
        else if (flags & SYM_USE)
            compile_error(c, pos, "name '%s' is used prior to %s declaration", ident->text, word);
        else if (flags & SYM_ANNOTATED)
            compile_error(c, pos, "annotated name '%s' can't be %s", ident->text, word);
        else if (flags & SYM_LOCAL)
            compile_error(c, pos, "name '%s' is assigned to before %s declaration", ident->text,
                          word);
        else if (flags & (global ? SYM_NONLOCAL : SYM_GLOBAL))
            compile_error(c, symbol->pos, "name '%s' is nonlocal and global", ident->text);
        check_debug(c, ident, pos, "assign to");
        symbol->flags |= global ? SYM_GLOBAL : SYM_NONLOCAL;
        symbol->pos = pos;
        if (global) declare_outer(c, ident);
    }
}

/* ---- walrus */

/* Binds the target of a walrus inside comprehensions in the function or module around them. */
static void bind_through(Compiler *c, NodeName *target, Pos pos)
{
    Ident *ident = here(c, target->id);
    for (Scope *at = c->scope; at && !c->failed; at = at->parent) {
        if (at->kind == SCOPE_COMPREHENSION || at->kind == SCOPE_GENERATOR) {
            Symbol *symbol = scope_find(at, ident);
            if (symbol && (symbol->flags & SYM_ITER))
                compile_error(
                    c, target->head.pos,
                    "assignment expression cannot rebind comprehension iteration variable '%s'",
                    target->id);
        } else if (at->kind == SCOPE_FUNCTION || at->kind == SCOPE_LAMBDA) {
            Symbol *outer = scope_symbol(c, at, ident);
            bool global = outer->flags & SYM_GLOBAL;
            Symbol *inner = scope_define(c, c->scope, ident, global ? SYM_GLOBAL : SYM_NONLOCAL);
            inner->pos = pos;
            inner->flags |= SYM_WALRUS;
            outer->flags |= SYM_WALRUS | (global ? 0 : SYM_LOCAL);
            return;
        } else if (at->kind == SCOPE_MODULE) {
            scope_define(c, c->scope, ident, SYM_GLOBAL | SYM_WALRUS);
            scope_define(c, at, ident, SYM_GLOBAL);
            return;
        } else if (at->kind == SCOPE_CLASS) {
            compile_error(
                c, target->head.pos,
                "assignment expression within a comprehension cannot be used in a class body");
        } else {
            compile_error(c, target->head.pos,
                          "assignment expression within a comprehension cannot be used "
                          "within %s",
                          at->what);
        }
    }
}

/* Inside an annotation or the like, where yield, await and walrus are not allowed? Then raises. */
static bool refused(Compiler *c, Pos pos, const char *what)
{
    if (!c->scope->what) return false;
    compile_error(c, pos, "%s cannot be used within %s", what, c->scope->what);
    return true;
}

static void visit_named(Compiler *c, NodeNamedExpr *node)
{
    Pos pos = node->head.pos;
    NodeName *target = as_Name(node->target);
    if (refused(c, pos, "named expression")) return;
    if (c->scope->iterable_depth > 0) {
        compile_error(
            c, pos, "assignment expression cannot be used in a comprehension iterable expression");
        return;
    }
    check_debug(c, here(c, target->id), target->head.pos, "assign to");
    bool inner = c->scope->kind == SCOPE_COMPREHENSION || c->scope->kind == SCOPE_GENERATOR;
    if (inner) bind_through(c, target, pos);
    if (c->failed) return;
    visit(c, node->value);
    if (!inner) scope_define(c, c->scope, here(c, target->id), SYM_LOCAL | SYM_WALRUS);
}

/* ---- comprehensions */

/* Binds the names of a comprehension's target. */
static void bind_iteration(Compiler *c, Node *target)
{
    switch (target->kind) {
    case NODE_Name: {
        Ident *ident = here(c, as_Name(target)->id);
        Symbol *symbol = scope_symbol(c, c->scope, ident);
        if (symbol->flags & (SYM_GLOBAL | SYM_NONLOCAL))
            compile_error(
                c, target->pos,
                "comprehension inner loop cannot rebind assignment expression target '%s'",
                ident->text);
        check_debug(c, ident, target->pos, "assign to");
        symbol->flags |= SYM_ITER | SYM_LOCAL;
        return;
    }
    case NODE_Tuple:
        for (ptrdiff_t i = 0; i < as_Tuple(target)->elts.len; i++)
            bind_iteration(c, as_Tuple(target)->elts.items[i]);
        return;
    case NODE_List:
        for (ptrdiff_t i = 0; i < as_List(target)->elts.len; i++)
            bind_iteration(c, as_List(target)->elts.items[i]);
        return;
    case NODE_Starred: bind_iteration(c, as_Starred(target)->value); return;
    default: visit(c, target);
    }
}

static void visit_iterable(Compiler *c, Node *iter)
{
    c->scope->iterable_depth++;
    visit(c, iter);
    c->scope->iterable_depth--;
}

static void mark_async(Compiler *c)
{
    Scope *unit = c->scope->unit;
    if (c->scope->kind == SCOPE_COMPREHENSION) c->scope->async_comprehension = true;
    if (unit->kind == SCOPE_GENERATOR ||
        (unit->kind == SCOPE_MODULE && (c->flags & COMPILE_TOP_LEVEL_AWAIT)))
        unit->is_async = true;
}

static void visit_comprehension(Compiler *c, Node *node, Nodes generators, Node *first,
                                Node *second)
{
    Nodecomprehension *outermost = as_comprehension(generators.items[0]);
    visit_iterable(c, outermost->iter);
    bool generator = node->kind == NODE_GeneratorExp;
    Scope *around = c->scope;
    Scope *scope =
        scope_enter(c, generator ? SCOPE_GENERATOR : SCOPE_COMPREHENSION, node, ROLE_MAIN, NULL);
    if (generator) {
        scope->is_generator = true;
        add_parameter(c, ".0");
    }
    for (ptrdiff_t i = 0; i < generators.len && !c->failed; i++) {
        Nodecomprehension *part = as_comprehension(generators.items[i]);
        if (part->is_async) mark_async(c);
        bind_iteration(c, part->target);
        if (i > 0) visit_iterable(c, part->iter);
        visit_list(c, part->ifs);
    }
    visit(c, first);
    visit_opt(c, second);
    scope_leave(c);
    if (scope->async_comprehension && around->kind >= SCOPE_GENERATOR) mark_async(c);
    else if (scope->async_comprehension && around->kind == SCOPE_MODULE) mark_async(c);
}

/* ---- yield and await */

static void visit_yield(Compiler *c, Node *node)
{
    static const char *const inside[NODE_COUNT] = {
        [NODE_ListComp] = "list comprehension",
        [NODE_SetComp] = "set comprehension",
        [NODE_DictComp] = "dict comprehension",
        [NODE_GeneratorExp] = "generator expression",
    };
    if (refused(c, node->pos, "yield expression")) return;
    Scope *scope = c->scope;
    if (scope->kind == SCOPE_COMPREHENSION || scope->kind == SCOPE_GENERATOR)
        compile_error(c, node->pos, "'yield' inside %s", inside[scope->node->kind]);
    else scope->is_generator = true;
}

static void visit_await(Compiler *c, Node *node)
{
    if (!refused(c, node->pos, "await expression")) mark_async(c);
}

/* ---- functions */

static void bind_parameter(Compiler *c, Node *node, uint32_t flags)
{
    Nodearg *arg = as_arg(node);
    Ident *ident = here(c, arg->arg);
    Symbol *symbol = scope_symbol(c, c->scope, ident);
    if (symbol->flags & SYM_PARAM)
        compile_error(c, node->pos, "duplicate argument '%s' in function definition", ident->text);
    check_debug(c, ident, node->pos, "assign to");
    symbol->flags |= SYM_PARAM | flags;
    symbol->pos = node->pos;
}

static void bind_parameters(Compiler *c, Nodearguments *args)
{
    for (ptrdiff_t i = 0; i < args->posonlyargs.len; i++)
        bind_parameter(c, args->posonlyargs.items[i], 0);
    for (ptrdiff_t i = 0; i < args->args.len; i++) bind_parameter(c, args->args.items[i], 0);
    for (ptrdiff_t i = 0; i < args->kwonlyargs.len; i++)
        bind_parameter(c, args->kwonlyargs.items[i], 0);
    if (args->vararg) bind_parameter(c, args->vararg, SYM_VARARGS);
    if (args->kwarg) bind_parameter(c, args->kwarg, 0);
}

static bool any_annotation(Nodes args)
{
    for (ptrdiff_t i = 0; i < args.len; i++)
        if (as_arg(args.items[i])->annotation) return true;
    return false;
}

static Scope *enter_annotations(Compiler *c, Node *node)
{
    Scope *scope = scope_enter(c, SCOPE_ANNOTATIONS, node, ROLE_ANNOTATIONS, NULL);
    scope->what = "an annotation";
    add_parameter(c, ".format");
    return scope;
}

/* Takes the last child opened in the current scope out again: its names resolve to nothing. */
static void detach_last(Scope *scope, Scope *before)
{
    scope->last_child = before;
    if (before) before->sibling = NULL;
    else scope->first_child = NULL;
}

/* An annotation that is never evaluated: must be a proper one all the same. */
static void check_annotation(Compiler *c, Node *annotation)
{
    Scope *scope = c->scope, *before = scope->last_child;
    enter_annotations(c, annotation);
    visit(c, annotation);
    scope_leave(c);
    detach_last(scope, before);
}

static void visit_annotation(Compiler *c, Node *node)
{
    if (!node) return;
    if (c->flags & COMPILE_ANNOTATIONS_STRING) check_annotation(c, node);
    else visit(c, node);
}

static void visit_parameter(Compiler *c, Node *node)
{
    if (node) visit_annotation(c, as_arg(node)->annotation);
}

static void visit_annotations(Compiler *c, Node *function, Nodearguments *args, Node *returns)
{
    if (!returns && !any_annotation(args->posonlyargs) && !any_annotation(args->args) &&
        !any_annotation(args->kwonlyargs) && !(args->vararg && as_arg(args->vararg)->annotation) &&
        !(args->kwarg && as_arg(args->kwarg)->annotation))
        return;
    enter_annotations(c, function);
    for (ptrdiff_t i = 0; i < args->posonlyargs.len; i++)
        visit_parameter(c, args->posonlyargs.items[i]);
    for (ptrdiff_t i = 0; i < args->args.len; i++) visit_parameter(c, args->args.items[i]);
    visit_parameter(c, args->vararg);
    for (ptrdiff_t i = 0; i < args->kwonlyargs.len; i++)
        visit_parameter(c, args->kwonlyargs.items[i]);
    visit_parameter(c, args->kwarg);
    visit_annotation(c, returns);
    scope_leave(c);
}

/* An expression computed on demand by a function of its own. */
static void visit_evaluator(Compiler *c, Node *owner, int role, Node *value, const char *what,
                            Ident *name)
{
    if (!value) return;
    Scope *scope = scope_enter(c, SCOPE_EVALUATOR, owner, role, name);
    scope->what = what;
    add_parameter(c, ".format");
    visit(c, value);
    scope_leave(c);
}

static void visit_type_param(Compiler *c, Node *node, bool *defaults)
{
    Name name;
    Node *bound = NULL, *otherwise;
    const char *what;
    if (node->kind == NODE_TypeVar) {
        name = as_TypeVar(node)->name;
        bound = as_TypeVar(node)->bound;
        otherwise = as_TypeVar(node)->default_value;
        what = "a TypeVar default";
    } else if (node->kind == NODE_ParamSpec) {
        name = as_ParamSpec(node)->name;
        otherwise = as_ParamSpec(node)->default_value;
        what = "a ParamSpec default";
    } else {
        name = as_TypeVarTuple(node)->name;
        otherwise = as_TypeVarTuple(node)->default_value;
        what = "a TypeVarTuple default";
    }
    Ident *ident = ident_mangle(&c->idents, ident_of(&c->idents, name), c->scope->class_name);
    Symbol *symbol = scope_symbol(c, c->scope, ident);
    if (symbol->flags & SYM_TYPE_PARAM)
        compile_error(c, node->pos, "duplicate type parameter '%s'", ident->text);
    check_debug(c, ident, node->pos, "assign to");
    symbol->flags |= SYM_TYPE_PARAM;
    if (*defaults && !otherwise)
        compile_error(c, node->pos,
                      "non-default type parameter '%s' follows default type parameter",
                      ident->text);
    if (otherwise) *defaults = true;
    visit_evaluator(c, node, ROLE_BOUND, bound,
                    bound && bound->kind == NODE_Tuple ? "a TypeVar constraint" : "a TypeVar bound",
                    ident);
    visit_evaluator(c, node, ROLE_DEFAULT, otherwise, what, ident);
}

/* Opens the scope of type parameters, if there are any; the caller leaves it. */
static bool enter_type_params(Compiler *c, Node *node, Nodes params, Name name)
{
    if (!params.len) return false;
    Scope *scope =
        scope_enter(c, SCOPE_TYPE_PARAMS, node, ROLE_TYPE_PARAMS, ident_of(&c->idents, name));
    scope->what = "the definition of a generic";
    if (node->kind == NODE_ClassDef) {
        scope->class_name = scope->name;
        scope->mangled = scope;
    }
    return true;
}

static void visit_type_params(Compiler *c, Nodes params)
{
    bool defaults = false;
    for (ptrdiff_t i = 0; i < params.len && !c->failed; i++)
        visit_type_param(c, params.items[i], &defaults);
}

static void visit_defaults(Compiler *c, Nodearguments *args)
{
    visit_list(c, args->defaults);
    visit_list(c, args->kw_defaults);
}

/* FunctionDef and AsyncFunctionDef have the same fields. */
static void visit_function(Compiler *c, Node *node, bool is_async)
{
    NodeFunctionDef *def = (NodeFunctionDef *)(void *)node;
    Nodearguments *args = as_arguments(def->args);
    bind(c, def->name, node->pos, SYM_LOCAL);
    visit_list(c, def->decorator_list);
    visit_defaults(c, args);
    bool generic = enter_type_params(c, node, def->type_params, def->name);
    if (generic) {
        bool keyword_defaults = false;
        for (ptrdiff_t i = 0; i < args->kw_defaults.len; i++)
            if (args->kw_defaults.items[i]) keyword_defaults = true;
        if (args->defaults.len) add_parameter(c, ".defaults");
        if (keyword_defaults) add_parameter(c, ".kwdefaults");
        visit_type_params(c, def->type_params);
    }
    visit_annotations(c, node, args, def->returns);
    int conditional = c->scopes.conditional;
    c->scopes.conditional = 0;
    Scope *scope = scope_enter(c, SCOPE_FUNCTION, node, ROLE_MAIN, ident_of(&c->idents, def->name));
    scope->is_async = is_async;
    scope->iterable_depth = 0;
    bind_parameters(c, args);
    visit_list(c, def->body);
    scope_leave(c);
    c->scopes.conditional = conditional;
    if (generic) scope_leave(c);
}

static void visit_lambda(Compiler *c, NodeLambda *node)
{
    Nodearguments *args = as_arguments(node->args);
    visit_defaults(c, args);
    scope_enter(c, SCOPE_LAMBDA, &node->head, ROLE_MAIN, NULL);
    bind_parameters(c, args);
    visit(c, node->body);
    scope_leave(c);
}

static void visit_class(Compiler *c, NodeClassDef *node)
{
    bind(c, node->name, node->head.pos, SYM_LOCAL);
    visit_list(c, node->decorator_list);
    bool generic = enter_type_params(c, &node->head, node->type_params, node->name);
    if (generic) {
        visit_type_params(c, node->type_params);
        scope_define(c, c->scope, ident_text(&c->idents, ".type_params"), SYM_LOCAL);
        scope_define(c, c->scope, ident_text(&c->idents, ".generic_base"), SYM_LOCAL);
    }
    visit_list(c, node->bases);
    visit_list(c, node->keywords);
    int conditional = c->scopes.conditional;
    c->scopes.conditional = 0;
    Ident *name = ident_of(&c->idents, node->name);
    Scope *scope = scope_enter(c, SCOPE_CLASS, &node->head, ROLE_MAIN, name);
    scope->class_name = name;
    scope->mangled = NULL;
    scope->iterable_depth = 0;
    if (generic) scope_define(c, scope, ident_text(&c->idents, ".type_params"), SYM_USE);
    visit_list(c, node->body);
    scope_leave(c);
    c->scopes.conditional = conditional;
    if (generic) scope_leave(c);
}

static void visit_type_alias(Compiler *c, NodeTypeAlias *node)
{
    visit(c, node->name);
    Name name = as_Name(node->name)->id;
    bool generic = enter_type_params(c, &node->head, node->type_params, name);
    if (generic) visit_type_params(c, node->type_params);
    visit_evaluator(c, &node->head, ROLE_BOUND, node->value, "a type alias",
                    ident_of(&c->idents, name));
    if (generic) scope_leave(c);
}

/* ---- annotated assignment */

static void add_annotation(Compiler *c, NodeAnnAssign *node)
{
    Scope *scope = c->scope;
    if (scope->annotation_count == scope->annotation_capacity) {
        AnnotationItem *old = scope->annotations;
        scope->annotation_capacity =
            scope->annotation_capacity ? scope->annotation_capacity * 2 : 4;
        scope->annotations =
            arena_alloc(c->arena, (size_t)scope->annotation_capacity * sizeof *old);
        for (int i = 0; i < scope->annotation_count; i++) scope->annotations[i] = old[i];
    }
    bool conditional = c->scopes.conditional > 0;
    scope->annotations[scope->annotation_count++] = (AnnotationItem){node, conditional};
    if (conditional) scope->has_conditional_annotations = true;
}

/* In a module or class body: part of its __annotate__ function. */
static void visit_collected(Compiler *c, NodeAnnAssign *node)
{
    add_annotation(c, node);
    Scope *scope = scope_of(c, c->scope->node, ROLE_ANNOTATIONS);
    if (scope) c->scope = scope;
    else enter_annotations(c, c->scope->node);
    visit_annotation(c, node->annotation);
    scope_leave(c);
}

static void visit_annotated(Compiler *c, NodeAnnAssign *node)
{
    Scope *scope = c->scope;
    if (node->target->kind == NODE_Name) {
        NodeName *target = as_Name(node->target);
        Symbol *symbol = scope_symbol(c, scope, here(c, target->id));
        if (node->simple && (symbol->flags & (SYM_GLOBAL | SYM_NONLOCAL)) &&
            scope->kind != SCOPE_MODULE) {
            compile_error(c, node->head.pos, "annotated name '%s' can't be %s", symbol->name->text,
                          symbol->flags & SYM_GLOBAL ? "global" : "nonlocal");
            return;
        }
        check_debug(c, symbol->name, target->head.pos, "assign to");
        if (node->simple) symbol->flags |= SYM_ANNOTATED | SYM_LOCAL;
        else if (node->value) symbol->flags |= SYM_LOCAL;
    } else {
        visit(c, node->target);
    }
    bool collects = !scope_is_function(scope);
    if (collects && node->simple) {
        visit_collected(c, node);
    } else if (collects && !(c->flags & COMPILE_ANNOTATIONS_STRING)) {
        visit(c, node->annotation);
    } else {
        check_annotation(c, node->annotation);
    }
    visit_opt(c, node->value);
}

/* ---- the rest */

static void visit_alias(Compiler *c, Nodealias *node)
{
    if (node->asname) {
        bind(c, node->asname, node->head.pos, SYM_LOCAL | SYM_IMPORTED);
        return;
    }
    if (strcmp(node->name, "*") == 0) {
        if (c->scope->kind != SCOPE_MODULE)
            compile_error(c, node->head.pos, "import * only allowed at module level");
        return;
    }
    const char *dot = strchr(node->name, '.');
    if (dot) {
        char *first = arena_copy(c->arena, node->name, dot - node->name);
        bind(c, first, node->head.pos, SYM_LOCAL | SYM_IMPORTED);
    } else {
        bind(c, node->name, node->head.pos, SYM_LOCAL | SYM_IMPORTED);
    }
}

static void visit_handler(Compiler *c, NodeExceptHandler *node)
{
    visit_opt(c, node->type);
    if (node->name) bind(c, node->name, node->head.pos, SYM_LOCAL | SYM_DELETED);
    visit_list(c, node->body);
}

static void visit_match(Compiler *c, NodeMatch *node)
{
    visit(c, node->subject);
    Scope *unit = c->scope->unit;
    if (++unit->match_depth > unit->match_most) unit->match_most = unit->match_depth;
    visit_conditional(c, node->cases);
    unit->match_depth--;
}

static void visit_pattern_name(Compiler *c, Name name, Pos pos)
{
    if (name) bind(c, name, pos, SYM_LOCAL);
}

static void visit_try(Compiler *c, Nodes body, Nodes handlers, Nodes orelse, Nodes finalbody)
{
    visit_conditional(c, body);
    visit_conditional(c, handlers);
    visit_conditional(c, orelse);
    visit_conditional(c, finalbody);
}

static void visit_branching(Compiler *c, Node *node)
{
    c->scopes.conditional++;
    if (node->kind == NODE_AsyncFor || node->kind == NODE_AsyncWith) mark_async(c);
    node_children(node, visit_child, c);
    c->scopes.conditional--;
}

static void visit_statement(Compiler *c, Node *node)
{
    switch (node->kind) {
    case NODE_FunctionDef: visit_function(c, node, false); break;
    case NODE_AsyncFunctionDef: visit_function(c, node, true); break;
    case NODE_ClassDef: visit_class(c, as_ClassDef(node)); break;
    case NODE_TypeAlias: visit_type_alias(c, as_TypeAlias(node)); break;
    case NODE_AnnAssign: visit_annotated(c, as_AnnAssign(node)); break;
    case NODE_Global: declare(c, as_Global(node)->names, node->pos, true); break;
    case NODE_Nonlocal: declare(c, as_Nonlocal(node)->names, node->pos, false); break;
    case NODE_Match: visit_match(c, as_Match(node)); break;
    case NODE_Assign: /* the value comes first, as it is evaluated */
        visit(c, as_Assign(node)->value);
        visit_list(c, as_Assign(node)->targets);
        break;
    case NODE_Try: {
        NodeTry *t = as_Try(node);
        visit_try(c, t->body, t->handlers, t->orelse, t->finalbody);
        break;
    }
    case NODE_TryStar: {
        NodeTryStar *t = as_TryStar(node);
        visit_try(c, t->body, t->handlers, t->orelse, t->finalbody);
        break;
    }
    case NODE_If:
    case NODE_While:
    case NODE_For:
    case NODE_AsyncFor:
    case NODE_With:
    case NODE_AsyncWith: visit_branching(c, node); break;
    default: node_children(node, visit_child, c);
    }
}

static void visit_expression(Compiler *c, Node *node)
{
    switch (node->kind) {
    case NODE_Name: visit_name(c, as_Name(node)); return;
    case NODE_Constant: return;
    case NODE_NamedExpr: visit_named(c, as_NamedExpr(node)); return;
    case NODE_Lambda: visit_lambda(c, as_Lambda(node)); return;
    case NODE_ListComp:
        visit_comprehension(c, node, as_ListComp(node)->generators, as_ListComp(node)->elt, NULL);
        return;
    case NODE_SetComp:
        visit_comprehension(c, node, as_SetComp(node)->generators, as_SetComp(node)->elt, NULL);
        return;
    case NODE_GeneratorExp:
        visit_comprehension(c, node, as_GeneratorExp(node)->generators, as_GeneratorExp(node)->elt,
                            NULL);
        return;
    case NODE_DictComp:
        visit_comprehension(c, node, as_DictComp(node)->generators, as_DictComp(node)->key,
                            as_DictComp(node)->value);
        return;
    case NODE_Yield:
    case NODE_YieldFrom: visit_yield(c, node); break;
    case NODE_Await: visit_await(c, node); break;
    default: break;
    }
    node_children(node, visit_child, c);
}

static void visit(Compiler *c, Node *node)
{
    if (c->failed || compile_too_deep(c)) return;
    suspect(c, node);
    if (node->kind <= NODE_Continue) {
        visit_statement(c, node);
        return;
    }
    switch (node->kind) {
    case NODE_ExceptHandler: visit_handler(c, as_ExceptHandler(node)); return;
    case NODE_alias: visit_alias(c, as_alias(node)); return;
    case NODE_MatchStar: visit_pattern_name(c, as_MatchStar(node)->name, node->pos); return;
    case NODE_MatchAs:
        visit_opt(c, as_MatchAs(node)->pattern);
        visit_pattern_name(c, as_MatchAs(node)->name, node->pos);
        return;
    case NODE_MatchMapping:
        node_children(node, visit_child, c);
        visit_pattern_name(c, as_MatchMapping(node)->rest, node->pos);
        return;
    default: visit_expression(c, node);
    }
}

void symbols_collect(Compiler *c, Node *tree)
{
    scope_enter(c, SCOPE_MODULE, tree, ROLE_MAIN, NULL);
    node_children(tree, visit_child, c);
    if (c->scope) scope_leave(c);
}
