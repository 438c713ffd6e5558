/* ownership.c - mistakes with ownership that the compiler must refuse.
 *
 * Compiled by ownership.sh, never linked.
 * Neighbours: memory/value.h (the two types), memory/ref.h (what takes which). */
/* SPDX-License-Identifier: MIT */
#include "memory/ref.h"

Ref ownership(Value borrowed, Ref owned, Ref *slot);

#if CASE == 0 /* right: borrow freely, own by newref */
Ref ownership(Value borrowed, Ref owned, Ref *slot)
{
    Value look = owned;
    replace(slot, newref(borrowed));
    decref(owned);
    return newref(absent(look) ? borrowed : *slot);
}
#elif CASE == 1 /* returns what it borrowed */
Ref ownership(Value borrowed, Ref owned, Ref *slot)
{
    replace(slot, owned);
    return borrowed;
}
#elif CASE == 2 /* drops what it borrowed */
Ref ownership(Value borrowed, Ref owned, Ref *slot)
{
    replace(slot, owned);
    decref(borrowed);
    return NONE;
}
#elif CASE == 3 /* stores what it borrowed */
Ref ownership(Value borrowed, Ref owned, Ref *slot)
{
    replace(slot, borrowed);
    return owned;
}
#elif CASE == 4 /* keeps what it borrowed in an owning variable */
Ref ownership(Value borrowed, Ref owned, Ref *slot)
{
    Ref kept = borrowed;
    replace(slot, owned);
    return kept;
}
#elif CASE == 5 /* moves out of a borrowed slot */
Ref ownership(Value borrowed, Ref owned, Ref *slot)
{
    replace(slot, owned);
    return take(&borrowed);
}
#endif
