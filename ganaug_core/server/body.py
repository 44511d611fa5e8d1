"""What a browser sends with a request, up to a length."""

from starlette.exceptions import HTTPException
from starlette.requests import Request


async def body(request: Request, most: int) -> bytes:
    """Return the bytes that come with a request.

    Raises:
        HTTPException: 413, they are more than `most`; the rest is not read.
    """
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise HTTPException(413)
    return content
