"""Behind a real nginx: what a caller sends does not choose its address."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.api.serving import PATIENCE_S, answers, free_port, serving, until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light"),
]

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    underscores_in_headers on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /loo/ {{
            proxy_pass {server}/;
            proxy_http_version 1.1;
            {fields}
        }}
    }}
}}
"""

SET_BY_PROXY = """
            proxy_set_header Host $host:$server_port;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host:$server_port;
            proxy_set_header X-Forwarded-Prefix /loo;
"""

APPENDED = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
STANDARD = """proxy_set_header Forwarded "$http_forwarded, for=$remote_addr";"""
REPLACED = "proxy_set_header X-Real-IP $remote_addr;"

REGISTRATIONS_EVADED = {
    "X-Forwarded-For": "192.0.2.{}",
    "X_Forwarded_For": "192.0.2.{}",
    "Forwarded": 'for="192.0.2.{}',
    "X-Real-IP": "192.0.2.{}",
    "X_Real_IP": "192.0.2.{}",
}


@contextmanager
def nginx(server: str, folder: Path, fields: str) -> Iterator[str]:
    """Run nginx in front of a server; return its address."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(folder=folder, port=port, server=server, fields=SET_BY_PROXY + fields), encoding="utf-8"
    )
    folder.chmod(0o755)
    assert NGINX is not None
    with subprocess.Popen([NGINX, "-c", configuration, "-e", folder / "error.log"]) as process:
        try:
            until(lambda: process.poll() is not None or (folder / "pid").exists())
            assert process.poll() is None, (folder / "error.log").read_text()
            yield f"http://127.0.0.1:{port}/loo"
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("header", "fields"),
    [("X-Forwarded-For", APPENDED), ("Forwarded", STANDARD), ("X-Real-IP", REPLACED)],
    ids=["X-Forwarded-For", "Forwarded", "X-Real-IP"],
)
def test_a_caller_behind_nginx_cannot_choose_its_network(
    own_database_url: str, tmp_path: Path, header: str, fields: str
) -> None:
    settings = {"TRUSTED_PROXIES": "1", "CLIENT_ADDRESS_HEADER": header}
    with (
        serving(own_database_url, tmp_path / "log", workers=1, **settings) as server,
        nginx(server.url, tmp_path, fields) as proxy,
    ):
        until(lambda: requests.get(f"{proxy}/healthz", timeout=PATIENCE_S).status_code == 200)
        statuses = []
        for number in range(210):
            sent = {name: value.format(number) for name, value in REGISTRATIONS_EVADED.items()}
            statuses.append(requests.post(f"{proxy}/v1/devices", headers=sent, timeout=PATIENCE_S).status_code)
        assert statuses.count(201) <= 201, "one more is allowed each six seconds"
        assert statuses[-1] == 429
        page = requests.get(f"{proxy}/", timeout=PATIENCE_S).text
        assert 'href="/loo/docs"' in page
        assert answers(server)
