/* datetime.c - dates and times: date, time, datetime, the differences between them, time zones.
 *
 * Neighbours: _datetime.h, which lists the parts; _strptime.aio (reading in a format). */
/* SPDX-License-Identifier: MIT */
#include "_datetime.h"

static bool set_names(Vm *vm, Value module)
{
    static const char *const names[] = {"date",   "datetime", "time",    "timedelta", "timezone",
                                        "tzinfo", "MINYEAR",  "MAXYEAR", "UTC"};
    enum { COUNT = sizeof names / sizeof *names };
    Ref all = tuple_new(vm, COUNT);
    for (int i = 0; !failed(all) && i < COUNT; i++) {
        Ref name = str_from(vm, names[i]);
        if (failed(name)) replace(&all, FAIL);
        else as_tuple(all)->items[i] = name;
    }
    return !failed(all) && module_set(vm, module, "__all__", all);
}

/* min, max and the like, which stay the same when the module is imported anew. */
static bool set_constants(Vm *vm)
{
    Dict *names = type_names(vm, type_from_def(vm, &moment_type));
    Value known = names ? dict_get_text(vm, names, "resolution") : (Value)FAIL;
    if (!absent(known)) return !failed(known);
    return delta_constants(vm) && zone_constants(vm) && date_constants(vm) && clock_constants(vm) &&
           moment_constants(vm);
}

static bool datetime_open(Vm *vm, Value module)
{
    if (!set_constants(vm)) return false;
    Ref zone = attr_get_text(vm, module, "timezone");
    Ref utc = failed(zone) ? FAIL : attr_get_text(vm, zone, "utc");
    decref(zone);
    return !failed(utc) && module_set(vm, module, "UTC", utc) &&
           module_set(vm, module, "MINYEAR", from_small(YEAR_MIN)) &&
           module_set(vm, module, "MAXYEAR", from_small(YEAR_MAX)) && set_names(vm, module);
}

static const TypeDef *const datetime_types[] = {&delta_type, &tzinfo_type, &zone_type, &date_type,
                                                &clock_type, &moment_type, NULL};
const ModuleDef datetime_module = {
    .name = "datetime",
    .doc = "Dates and times: date, time, datetime, the differences between them (timedelta), time "
           "zones.",
    .types = datetime_types,
    .open = datetime_open,
};
