"""What a real web process imports and writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import new_installation

PROBE = """
import io, sys
from campaign import rsgi
rsgi.application
from campaign.wsgi import application
def call(method, path, body=b""):
    status = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "CONTENT_LENGTH": str(len(body)),
               "SERVER_NAME": "localhost", "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http",
               "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "SERVER_PROTOCOL": "HTTP/1.1"}
    reply = application(environ, lambda s, h, e=None: status.append((s, h)))
    b"".join(reply)
    return status[0]
seen = [call("POST", "/api/v1/decide", b'{"placement": "nowhere"}'), call("POST", "/api/v1/events", b"{}"),
        call("GET", "/m/nowhere/"), call("GET", "/"), call("GET", "/sign-in/"), call("GET", "/api/schema/"),
        call("GET", "/static/campaign/embed.js")]
print([status.split()[0] for status, _ in seen])
unwanted = ("scipy", "numpy", "analytics.comparison.compare", "rich", "drf_spectacular", "unittest", "pygments",
            "pyarrow", "xlsxwriter", "resvg_py")
print(sorted(name for name in unwanted if sys.modules.get(name)))
print(sorted({name for _, headers in seen[:3] for name, _ in headers} & {"Set-Cookie", "ETag", "Server"}))
"""


@pytest.mark.process
def test_no_web_request_loads_scipy_and_the_audience_gets_no_cookie(tmp_path: Path) -> None:
    with new_installation(tmp_path) as environment:
        told = subprocess.run(
            [sys.executable, "-c", PROBE], check=True, env=environment, capture_output=True, text=True
        ).stdout.splitlines()
    assert told == ["['404', '400', '404', '302', '200', '200', '200']", "[]", "[]"]
