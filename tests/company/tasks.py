"""asyncio: plain functions called in tasks and executors, coroutine functions decorated."""

import asyncio
import contextvars
import inspect

from gophersnake import jit


# asyncio
@jit
def work(n):
    s = 0
    for i in range(n):
        s += i
    return s


@jit
async def co(n):
    r = work(n)
    await asyncio.sleep(0)
    return r + work(n)


@jit
async def ag(n):
    for i in range(n):
        yield work(i)


@jit
def current():
    return asyncio.current_task().get_name(), asyncio.get_running_loop().is_running()


var = contextvars.ContextVar("var", default=0)


@jit
def ctx(n):
    var.set(var.get() + n)
    return var.get()


async def t(n):
    x = work(n)
    await asyncio.sleep(0)
    return x, current(), ctx(n)


async def main():
    print(await asyncio.gather(*(co(n) for n in range(10))))
    print([x async for x in ag(5)])
    print(await asyncio.gather(*(asyncio.create_task(t(n), name="T%d" % n) for n in range(6))))
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 60  # a busy machine is no finding
    print(await asyncio.gather(*(loop.run_in_executor(None, work, n) for n in range(9))))
    print(await asyncio.to_thread(work, 10))
    out = []
    loop.call_soon(jit(lambda: out.append(work(4))))
    await asyncio.sleep(0)
    print(out)
    try:
        await asyncio.wait_for(asyncio.sleep(9), 0.01)
    except asyncio.TimeoutError:
        print("timeout")
    async with asyncio.TaskGroup() as tg:
        ts = [tg.create_task(co(n)) for n in range(4)]
    print([x.result() for x in ts], var.get())
    import inspect

    print(inspect.iscoroutinefunction(co), inspect.isasyncgenfunction(ag), inspect.iscoroutinefunction(work))


asyncio.run(main())
asyncio.run(main(), debug=True)
