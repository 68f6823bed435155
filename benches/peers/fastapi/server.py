"""The lookup of the bench `serve` as it is usually built in Python: the same row, the same mask, nothing else.

No permission, no quota, no receipt: what the peer leaves out is to its advantage.
"""

import os
from contextlib import asynccontextmanager

import asyncpg
import orjson
from fastapi import FastAPI, Response

SELECT = os.environ.get("BENCH_SELECT", "select 1")


async def no_reset(connection: asyncpg.Connection) -> None:
    """Nothing in a session changes here, so the pool's second round trip after every question is left out."""


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with asyncpg.create_pool(os.environ["BENCH_POSTGRES"], min_size=16, max_size=16, reset=no_reset) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


def keep_ends(text: str | None, head: int, tail: int) -> str | None:
    if text is None:
        return None
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]


@app.get("/")
async def home() -> Response:
    return Response("<!doctype html><title>peer</title>", media_type="text/html")


@app.get("/records/{key}")
async def record(key: str) -> Response:
    row = await app.state.pool.fetchrow(SELECT, key)
    if row is None:
        return Response(status_code=404)
    found = dict(row)
    found["phone"] = keep_ends(found["phone"], 3, 4)
    return Response(orjson.dumps(found), media_type="application/json")
