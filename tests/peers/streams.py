"""Opens event streams and reads what they say, until its standard input ends.

    python3 streams.py URL TOKEN COUNT

Each stream is of an account of its own: a1, a2, ... as a board of each practice would have it.
"""

import asyncio
import sys
from urllib.parse import urlsplit

URL, TOKEN, COUNT = urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3])
AT_ONCE = asyncio.Semaphore(256)
told = broken = 0


async def follow(number, opened):
    global told, broken
    async with AT_ONCE:
        reader, writer = await asyncio.open_connection(URL.hostname, URL.port, limit=1 << 12)
        path = f"/v1/accounts/a{number}/events"
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n".encode())
        status = await reader.readline()
        if b" 200 " not in status:
            sys.exit(f"{path}: {status}")
    opened.release()
    while content := await reader.read(1 << 12):
        told += content.count(b"event: commit")
    broken += 1


async def main():
    opened = asyncio.Semaphore(0)
    streams = [asyncio.create_task(follow(number, opened)) for number in range(1, COUNT + 1)]
    for _ in streams:
        await opened.acquire()
    print(f"{COUNT} streams are open", flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await ended
    print(f"{told} commits were told to {COUNT} streams, {broken} of which broke")


asyncio.run(main())
