"""A program for `aio ps` to look at: tasks in groups, gathered, shielded, waited for, and one that blocks the loop."""
import asyncio
import sys


def blocking():
    print("ready", flush=True); sys.stdin.read()


async def play():
    await asyncio.sleep(1000)


async def album(name):
    async with asyncio.TaskGroup() as group:
        for number in range(2):
            group.create_task(play(), name=f"{name} {number}")


async def blocks():
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    blocking()


async def collects():
    tasks = [asyncio.create_task(play(), name=name) for name in ("first", "second")]
    await asyncio.gather(tasks[0], asyncio.shield(tasks[1]))


async def waits():
    await asyncio.wait([asyncio.create_task(play(), name="third")])


async def each(lock):
    async with lock:
        for step in asyncio.as_completed([asyncio.create_task(play(), name="fourth")]):
            await step


async def queues(lock):
    async with lock:
        print("never")


async def main():
    lock = asyncio.Lock()
    async with asyncio.TaskGroup() as group:
        group.create_task(album("Größe"), name="Größe")
        group.create_task(collects(), name="collects")
        group.create_task(waits(), name="waits")
        group.create_task(each(lock), name="each")
        group.create_task(queues(lock), name="queues")
        group.create_task(blocks(), name="blocks")


async def circle():
    names = {}

    async def member(other):
        await names[other]

    for name, other in (("a", "b"), ("b", "a")):
        names[name] = asyncio.create_task(member(other), name=name)
    await blocks()


asyncio.run(circle() if sys.argv[1:] == ["circle"] else main())
