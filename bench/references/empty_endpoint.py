"""The least that a FastAPI endpoint can do with a callback: read its body, and answer."""

import argparse

from fastapi import FastAPI, Request, Response

from bench.references.server import serve

app = FastAPI()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that it is up."""
    return {"status": "ok"}


@app.post("/payment/v1/callbacks/wechat/{mchid}", status_code=204)
async def empty(mchid: str, request: Request) -> Response:
    """Read the same body as a callback has."""
    await request.body()
    return Response(status_code=204)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("port", type=int)
    serve(app, arguments.parse_args().port)
