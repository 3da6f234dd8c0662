"""A nuclio function for CVAT that hands each request on to samcache, which keeps encodings and does the work."""

import json
import os
import urllib.error
import urllib.request

URL = os.environ["SAMCACHE_URL"].rstrip("/") + "/api/function_invocations"
TOKEN = os.environ.get("SAMCACHE_TOKEN", "")
TIMEOUT_S = 300  # the first prompt on a picture waits for its encode


def handler(context, event):
    body = event.body if isinstance(event.body, bytes) else json.dumps(event.body).encode()
    headers = {"Content-Type": "application/json"}
    if TOKEN:
        headers["Authorization"] = f"Bearer {TOKEN}"
    request = urllib.request.Request(URL, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            status, answer = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, answer = error.code, error.read()
        context.logger.error(f"samcache answers {status}: {answer[:500]!r}")
    return context.Response(body=answer.decode(), headers={}, content_type="application/json", status_code=status)
