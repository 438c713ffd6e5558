/* sockopt.c - socket options, and messages with ancillary data (descriptors, credentials).
 *
 * Neighbours: socket.c, sockcall.h. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/uio.h>

#include "loop/sockcall.h"
#include "object/bytes.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/sequence.h"
#include "object/tuple.h"

#define METHOD(id, signature, doc)                                                                 \
    static Ref id(Vm *vm, Value *argv);                                                            \
    const Native id##_def = {signature, doc, id, NATIVE_PLAIN, NULL};                              \
    static Ref id(Vm *vm, Value *argv)

/* ---- options ---- */

METHOD(socket_getsockopt, "getsockopt(self, level, option, buflen=0, /)",
       "Return an option as an int, or as up to buflen bytes.")
{
    int level, option, room;
    int fd = as_socket(argv[0])->fd;
    if (!socket_int(vm, argv[1], &level) || !socket_int(vm, argv[2], &option) ||
        !socket_int(vm, argv[3], &room))
        return FAIL;
    if (room == 0) {
        int flag = 0;
        socklen_t len = sizeof flag;
        return getsockopt(fd, level, option, &flag, &len) < 0 ? throw_errno(vm, errno, UNDEF)
                                                              : from_small(flag);
    }
    if (room < 0 || room > 1024) return throw(vm, OSError, "getsockopt buflen out of range");
    char data[1024];
    socklen_t len = (socklen_t)room;
    if (getsockopt(fd, level, option, data, &len) < 0) return throw_errno(vm, errno, UNDEF);
    return bytes_from(vm, data, (ptrdiff_t)len);
}

METHOD(socket_setsockopt, "setsockopt(self, level, option, value, optlen=?, /)",
       "Set an option to an int or to bytes, or to None with a length.")
{
    int level, option, done, fd = as_socket(argv[0])->fd;
    if (!socket_int(vm, argv[1], &level) || !socket_int(vm, argv[2], &option)) return FAIL;
    if (!absent(argv[4])) {
        int64_t len;
        if (!is_none(argv[3]))
            return throw(vm, TypeError, "socket option should be None when the length is given");
        if (!int_index(vm, argv[4], &len)) return FAIL;
        done = setsockopt(fd, level, option, NULL, (socklen_t)len);
    } else if (is_any_int(argv[3])) {
        int flag;
        if (!socket_int(vm, argv[3], &flag)) return FAIL;
        done = setsockopt(fd, level, option, &flag, sizeof flag);
    } else {
        Buffer buffer;
        if (!buffer_get(vm, argv[3], &buffer, false)) return FAIL;
        done = setsockopt(fd, level, option, buffer.data, (socklen_t)buffer.len);
        buffer_release(vm, &buffer);
    }
    return done < 0 ? throw_errno(vm, errno, UNDEF) : NONE;
}

/* ---- messages ---- */

typedef struct Message {
    struct msghdr head;
    int flags;
} Message;

static ssize_t attempt_recvmsg(int fd, void *opaque)
{
    Message *message = opaque;
    return recvmsg(fd, &message->head, message->flags);
}
static ssize_t attempt_sendmsg(int fd, void *opaque)
{
    Message *message = opaque;
    return sendmsg(fd, &message->head, message->flags);
}

/* [(level, type, data), ...] */
static Ref ancillary_value(Vm *vm, struct msghdr *head)
{
    Ref list = list_new(vm, 0);
    for (struct cmsghdr *item = CMSG_FIRSTHDR(head); item && !failed(list);
         item = CMSG_NXTHDR(head, item)) {
        char *end = (char *)head->msg_control + head->msg_controllen,
             *data = (char *)CMSG_DATA(item);
        ptrdiff_t len = (ptrdiff_t)item->cmsg_len - (data - (char *)item);
        if (len > end - data) len = end - data;
        Ref bytes = bytes_from(vm, data, len < 0 ? 0 : len);
        Ref parts[3] = {from_small(item->cmsg_level), from_small(item->cmsg_type), bytes};
        Ref tuple = failed(bytes) ? FAIL : tuple_from_refs(vm, 3, parts);
        if (!failed(tuple) && list_push(vm, as_list(list), tuple)) continue;
        decref(list);
        return FAIL;
    }
    return list;
}

/* (data, ancillary, flags, address), stealing data. */
static Ref message_value(Vm *vm, Ref data, Message *message, Address *address)
{
    address->len = message->head.msg_namelen;
    Ref ancillary = failed(data) ? FAIL : ancillary_value(vm, &message->head);
    Ref from = failed(ancillary) ? FAIL : address_value(vm, address);
    if (!failed(from)) {
        Ref parts[4] = {data, ancillary, from_small(message->head.msg_flags), from};
        return tuple_from_refs(vm, 4, parts);
    }
    decref(data);
    decref(ancillary);
    return FAIL;
}

/* Receives into the pieces; true: message and *got are filled in.  *control is to be freed. */
static bool receive(Vm *vm, Value *argv, struct iovec *pieces, size_t count, Message *message,
                    Address *address, char **control, ssize_t *got)
{
    int64_t room;
    *control = NULL;
    if (!int_index(vm, argv[2], &room) || !socket_int(vm, argv[3], &message->flags)) return false;
    if (room < 0 || room > INT_MAX) {
        throw(vm, ValueError, "invalid ancillary data buffer length");
        return false;
    }
    if (room && !(*control = memory_zeroed(vm, (size_t)room))) return false;
    message->head = (struct msghdr){.msg_name = &address->any,
                                    .msg_namelen = sizeof address->room,
                                    .msg_iov = pieces,
                                    .msg_iovlen = count,
                                    .msg_control = *control,
                                    .msg_controllen = (size_t)room};
    return socket_call(vm, as_socket(argv[0]), POLLIN, attempt_recvmsg, message, got);
}

METHOD(socket_recvmsg, "recvmsg(self, bufsize, ancbufsize=0, flags=0, /)",
       "Receive up to bufsize bytes and ancillary data: (data, [(level, type, data), ...], flags, "
       "address).")
{
    int64_t len;
    Message message = {0};
    Address address = {0};
    char *control = NULL;
    ssize_t got;
    if (!int_index(vm, argv[1], &len)) return FAIL;
    if (len < 0) return throw(vm, ValueError, "negative buffer size in recvmsg()");
    Ref data = bytes_from(vm, NULL, len), out = FAIL;
    if (failed(data)) return FAIL;
    struct iovec piece = {as_bytes(data)->data, (size_t)len};
    if (receive(vm, argv, &piece, 1, &message, &address, &control, &got))
        out = message_value(vm, bytes_from(vm, as_bytes(data)->data, got), &message, &address);
    decref(data);
    memory_free(control);
    return out;
}

/* The buffers of an iterable, to be released; -1: raised. */
typedef struct Pieces {
    int count;
    Buffer *buffers;
    struct iovec *vectors;
    Ref list;
} Pieces;

static void pieces_close(Vm *vm, Pieces *pieces)
{
    for (int i = 0; i < pieces->count; i++) buffer_release(vm, &pieces->buffers[i]);
    memory_free(pieces->buffers);
    memory_free(pieces->vectors);
    decref(pieces->list);
}

static bool pieces_open(Vm *vm, Pieces *pieces, Value iterable, bool writable, const char *method)
{
    *pieces = (Pieces){0};
    pieces->list = list_from(vm, iterable);
    if (failed(pieces->list)) return false;
    ptrdiff_t len = as_list(pieces->list)->len;
    pieces->buffers = memory_new(vm, (size_t)(len + 1) * sizeof(Buffer));
    pieces->vectors =
        pieces->buffers ? memory_new(vm, (size_t)(len + 1) * sizeof(struct iovec)) : NULL;
    bool ok = pieces->vectors != NULL;
    if (ok && len > IOV_MAX)
        ok = !failed(throw(vm, OSError, "%s() argument 1 is too long", method));
    for (ptrdiff_t i = 0; ok && i < len; i++) {
        Buffer *buffer = &pieces->buffers[i];
        ok = buffer_get(vm, list_at(as_list(pieces->list), i), buffer, writable);
        if (!ok) break;
        pieces->vectors[i] = (struct iovec){buffer->data, (size_t)buffer->len};
        pieces->count++;
    }
    if (!ok) pieces_close(vm, pieces);
    return ok;
}

METHOD(socket_recvmsg_into, "recvmsg_into(self, buffers, ancbufsize=0, flags=0, /)",
       "recvmsg() into buffers, one after the other; the first item is how many bytes came.")
{
    Message message = {0};
    Address address = {0};
    Pieces pieces;
    char *control = NULL;
    ssize_t got;
    if (!pieces_open(vm, &pieces, argv[1], true, "recvmsg_into")) return FAIL;
    Ref out = FAIL;
    if (receive(vm, argv, pieces.vectors, (size_t)pieces.count, &message, &address, &control, &got))
        out = message_value(vm, from_small(got), &message, &address);
    pieces_close(vm, &pieces);
    memory_free(control);
    return out;
}

static bool ancillary_item(Vm *vm, Value item, int *level, int *type, Buffer *data)
{
    if (!is_tuple(item) || tuple_len(item) != 3) {
        throw(vm, TypeError, "[sendmsg() ancillary data items must be tuples of length 3");
        return false;
    }
    return socket_int(vm, tuple_at(item, 0), level) && socket_int(vm, tuple_at(item, 1), type) &&
           buffer_get(vm, tuple_at(item, 2), data, false);
}

/* Fills control (NULL: only counts) from a list; the bytes needed, -1: raised. */
static ptrdiff_t ancillary_write(Vm *vm, List *list, struct msghdr *head)
{
    size_t needed = 0;
    struct cmsghdr *place = head ? CMSG_FIRSTHDR(head) : NULL;
    for (ptrdiff_t i = 0; i < list->len; i++) {
        int level, type;
        Buffer data;
        if (!ancillary_item(vm, list_at(list, i), &level, &type, &data)) return -1;
        needed += CMSG_SPACE((size_t)data.len);
        if (place) {
            place->cmsg_level = level;
            place->cmsg_type = type;
            place->cmsg_len = CMSG_LEN((size_t)data.len);
            memcpy(CMSG_DATA(place), data.data, (size_t)data.len);
            place = CMSG_NXTHDR(head, place);
        }
        buffer_release(vm, &data);
    }
    return (ptrdiff_t)needed;
}

static bool message_fill(Vm *vm, Message *message, Value *argv, Address *address, Ref *list)
{
    Socket *self = as_socket(argv[0]);
    if (!socket_int(vm, argv[3], &message->flags)) return false;
    if (!is_none(argv[4])) {
        if (!address_from(vm, address, self->family, argv[4], "sendmsg")) return false;
        message->head.msg_name = &address->any;
        message->head.msg_namelen = address->len;
    }
    *list = list_from(vm, argv[2]);
    if (failed(*list)) return false;
    ptrdiff_t needed = ancillary_write(vm, as_list(*list), NULL);
    if (needed <= 0) return needed == 0;
    message->head.msg_control = memory_zeroed(vm, (size_t)needed);
    message->head.msg_controllen = (size_t)needed;
    return message->head.msg_control && ancillary_write(vm, as_list(*list), &message->head) >= 0;
}

METHOD(socket_sendmsg, "sendmsg(self, buffers, ancdata=(), flags=0, address=None, /)",
       "Send the bytes of buffers and ancillary data [(level, type, data), ...]; return how many "
       "bytes were taken.")
{
    Message message = {0};
    Address address = {0};
    Pieces pieces;
    Ref list = UNDEF, out = FAIL;
    ssize_t sent;
    if (!pieces_open(vm, &pieces, argv[1], false, "sendmsg")) return FAIL;
    if (message_fill(vm, &message, argv, &address, &list)) {
        message.head.msg_iov = pieces.vectors;
        message.head.msg_iovlen = (size_t)pieces.count;
        if (socket_call(vm, as_socket(argv[0]), POLLOUT, attempt_sendmsg, &message, &sent))
            out = from_small(sent);
    }
    memory_free(message.head.msg_control);
    decref(list);
    pieces_close(vm, &pieces);
    return out;
}
