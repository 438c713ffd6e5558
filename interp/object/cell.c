/* cell.c - closure cells: variables shared by a function and those defined in it.
 *
 * Neighbours: function.c, vm/ops/move.inc (LOAD_CELL ...). */
/* SPDX-License-Identifier: MIT */
#include "object/error.h"
#include "object/function.h"
#include "object/life.h"
#include "object/native.h"
#include "object/number.h"

static Cell *as_cell(Value v) { return (Cell *)as_object(v); }

Ref cell_new(Vm *vm, Ref value)
{
    Cell *cell = object_new_inline(vm, type_builtin(vm, KIND_CELL)->shape, sizeof(Cell));
    if (!cell) {
        decref(value);
        return FAIL;
    }
    cell->value = value;
    return from_object(cell);
}

static Ref cell_repr(Vm *vm, Value self)
{
    char address[32], content[32];
    Value value = as_cell(self)->value;
    snprintf(address, sizeof address, "%#llx", (unsigned long long)bits_of(self));
    if (absent(value)) return format_text(vm, "<cell at %s: empty>", address);
    snprintf(content, sizeof content, "%#llx", (unsigned long long)bits_of(value));
    return format_text(vm, "<cell at %s: %T object at %s>", address, value, content);
}

static Ref cell_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_CELL)) return NOT_IMPLEMENTED;
    Value x = as_cell(a)->value, y = as_cell(b)->value;
    if (!absent(x) && !absent(y)) return value_compare(vm, x, y, op);
    int left = !absent(x), right = !absent(y); /* an empty cell comes before any other */
    switch (op) {
    case CMP_LESS: return from_bool(left < right);
    case CMP_LESS_EQUAL: return from_bool(left <= right);
    case CMP_EQUAL: return from_bool(left == right);
    case CMP_NOT_EQUAL: return from_bool(left != right);
    case CMP_GREATER: return from_bool(left > right);
    case CMP_GREATER_EQUAL: return from_bool(left >= right);
    }
    return NOT_IMPLEMENTED;
}

static Ref get_contents(Vm *vm, Value self)
{
    Value value = as_cell(self)->value;
    return absent(value) ? throw(vm, ValueError, "cell is empty") : newref(value);
}

static bool set_contents(Vm *vm __attribute__((unused)), Value self, Value value)
{
    replace(&as_cell(self)->value, newref(value));
    return true;
}

NATIVE(cell_make, "new(cls, contents=?, /)", "A new cell, empty unless contents is given.")
{
    Ref cell = cell_new(vm, newref(argv[1]));
    return cell;
}

static const Attribute cell_attributes[] = {
    {"cell_contents", get_contents, set_contents,
     "what the cell holds; ValueError when it is empty"},
    {0},
};

const TypeDef cell_type = {
    .name = "cell",
    .size = sizeof(Cell),
    .flags = TYPE_CONTAINER | TYPE_FINAL,
    .new = &cell_make_def,
    .doc = "A variable shared between nested functions.",
    .refs = REFS(REF(Cell, value)),
    .repr = cell_repr,
    .compare = cell_compare,
    .attributes = cell_attributes,
};
