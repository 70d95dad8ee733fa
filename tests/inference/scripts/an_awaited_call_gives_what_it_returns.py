import asyncio

from torch import nn


async def build():
    return nn.Linear(2, 1)


async def main():
    model = await build()  # role: model


asyncio.run(main())
