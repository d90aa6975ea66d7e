# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine full of secrets: in configurations, programs, logs, certificates, and in what a peer says."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

from .runs import Doctor

USER = "zephyrine"
COMPUTER = "wombatbox"


def _letters(number: int) -> str:
    letters = "kwxzvjq"
    return letters[number // 49] + letters[number // 7 % 7] + letters[number % 7]


class Secrets:
    """Secrets by their kind. Each has a core of letters that stands nowhere else."""

    def __init__(self) -> None:
        self.cores: dict[str, str] = {}

    def __call__(self, kind: str) -> str:
        """A new secret, or that of this kind."""
        number = len(self.cores)
        return self.cores.setdefault(kind, f"Zq{_letters(number)}XwkzJvQxKwzVjq{_letters(number)}")

    def leaked(self, shown: str) -> list[str]:
        """The kinds of which the core, or a part of it from eight letters on, can be read."""
        return [kind for kind, core in self.cores.items() if core[:12] in shown or core[-12:] in shown]


def furnish(doctor: Doctor, secret: Secrets) -> dict[str, str]:
    """Plants everything in the doctor's home; returns the variables of the session that belong to it."""
    _ca(doctor, secret)
    _entries(doctor, secret)
    _other_apps(doctor, secret)
    _log(doctor, secret)
    (doctor.home / "server.env").write_text(
        "bind_address=0.0.0.0\nport=1\n"
        f"API_TOKEN={secret('settings file: token')}\nPASSWORD='{secret('settings file: quoted')} two'\n"
    )
    return {
        "OPENAI_API_KEY": f"sk-proj-{secret('session: key of OpenAI')}",
        "SESSION_PASSWORD": secret("session: password"),
        "MY_HEADER": f"Bearer {secret('header from a variable')}",
        "USER": USER,
        "HOSTNAME": COMPUTER,
    }


def _ca(doctor: Doctor, secret: Secrets) -> None:
    body = secret("private key in PEM")
    pem = f"-----BEGIN PRIVATE KEY-----\n{body}\n{body}\n-----END PRIVATE KEY-----\n"
    (doctor.home / "client.pem").write_text(pem)


def said_by_the_child(secret: Secrets) -> list[str]:
    """Lines that a program prints of its own accord: nothing of it stands in a configuration."""
    basic = base64.b64encode(f"ada:{secret('basic, decoded')}".encode()).decode()
    secret.cores["basic, in base64"] = basic
    jwt = f"eyJhbGciOiJIUzI1NiJ9.{secret('JWT: claims')}.{secret('JWT: signature')}"
    return [
        f"OPENAI_API_KEY={secret('KEY=value')}",
        f'{{"apiKey": "{secret("JSON: apiKey")}", "client_secret":"{secret("JSON: client_secret")}"}}',
        f"token: {secret('YAML: token')}",
        f'password = "{secret("quoted with blanks, first")} {secret("quoted with blanks, second")}"',
        f"argv: --token {secret('--token X')} --api-key={secret('--api-key=X')}",
        f"['--auth-token', '{secret('list of arguments')}']",
        f"Authorization: Bearer {secret('Authorization: Bearer')}",
        f"Authorization: Basic {basic}",
        f"Authorization: Digest username=ada, response={secret('Authorization: Digest')}",
        f"X-Api-Key: {secret('X-Api-Key')}",
        f"Cookie: a=1; sid={secret('Cookie, second part')}; theme=dark",
        f"Set-Cookie: session={secret('Set-Cookie')}; Path=/",
        f"https://ada:{secret('user-info of an address')}@example.org/x",
        f"https://example.org/mcp?key={secret('query of an address')}&b=2",
        f"https://example.org/cb#access_token={secret('fragment of an address')}",
        f"postgres://ada:{secret('connection string, address')}@db.example.org:5432/x",
        f"Server=db;Uid=ada;Pwd={secret('connection string, Pwd')};",
        f"AccountKey={secret('connection string, AccountKey')};EndpointSuffix=example",
        f"-----BEGIN OPENSSH PRIVATE KEY----- {secret('PEM on one line')} -----END OPENSSH PRIVATE KEY-----",
        jwt,
        f"AKIA{secret('AWS access key')}",
        f"aws_secret_access_key = {secret('AWS secret key')}",
        f"AIza{secret('Google key')}",
        f"ya29.{secret('Google token')}",
        f"npm_{secret('npm')}",
        f"pypi-{secret('PyPI')}",
        f"ghp_{secret('GitHub')} github_pat_{secret('GitHub, fine-grained')}",
        f"glpat-{secret('GitLab')}",
        f"xoxb-{secret('Slack')}",
        f"https://hooks.slack.com/services/{secret('Slack webhook')}",
        f"hf_{secret('Hugging Face')}",
        f"sk-proj-{secret('OpenAI')}",
        f"sk-ant-api03-{secret('Anthropic')}",
        f"sk_live_{secret('Stripe')}",
    ]


def _entries(doctor: Doctor, secret: Secrets) -> None:
    """A server that tells everything that it knows, and dies with a traceback; one that is not there."""
    own = said_by_the_child(secret)
    error = f"RuntimeError: login with token={secret('traceback: token')} failed"
    lines = [*own, "Traceback (most recent call last):", f'  File "{doctor.home}/x.py", line 1, in <module>', error]
    server = doctor.script(
        "bin/blender-mcp",
        "import os, sys, base64, urllib.parse\n"
        "for name, value in os.environ.items():\n"
        "    if name.startswith('P_'):\n"
        "        print(name + '=' + value, file=sys.stderr)\n"
        "        print(value, '|', urllib.parse.quote(value), '|', base64.b64encode(value.encode()).decode())\n"
        f"print({os.fspath(doctor.home)!r}, {USER!r}, 'on', {COMPUTER!r} + '.local', file=sys.stderr)\n"
        "print(sys.argv, file=sys.stderr)\n"
        f"lines = {lines!r}\n"
        "print('\\n'.join(lines[:8]))\n"
        "sys.stdout.flush()\n"
        "sys.stderr.write('\\n'.join(lines) + '\\n')\n"
        "sys.exit(1)\n",
    )
    in_env = {
        "P_KEY": secret("env: value"),
        "P_WITH_BLANKS": f"{secret('env: before a blank')} {secret('env: behind a blank')}",
        "P_URL": f"https://ada:{secret('env: address')}@example.org",
        "P_JSON": json.dumps({"a": secret("env: JSON")}),
        "P_PATH": f"C:\\Users\\{USER}\\{secret('env: path of Windows')}",
        "P_PEM": f"-----BEGIN EC PRIVATE KEY-----\n{secret('env: PEM')}\n-----END EC PRIVATE KEY-----",
        "P_SHORT": "q7Z",
        "P_PIN": "4711",
    }
    for kind in ("env: value", "env: behind a blank"):
        core = in_env["P_KEY"] if kind == "env: value" else in_env["P_WITH_BLANKS"]
        secret.cores[f"{kind}, in base64"] = base64.b64encode(core.encode()).decode().rstrip("=")
        secret.cores[f"{kind}, percent-encoded"] = quote(core)
    args = [
        "--token",
        secret("argument: --token X"),
        f"--api-key={secret('argument: --api-key=X')}",
        f"SECRET={secret('argument: NAME=X')}",
        f"https://ada:{secret('argument: user-info')}@example.org/?k={secret('argument: query')}",
    ]
    entry = {"command": str(server), "args": args, "env": in_env}
    lost = {"command": f"{doctor.home}/nowhere/blender-mcp", "args": args, "env": {"A": secret("env: not started")}}
    doctor.configure(entry, lost=lost, odd={"command": "blender-mcp", "env": {"B": [secret("env: not a text")]}})


def _other_apps(doctor: Doctor, secret: Secrets) -> None:
    """`mcp-remote` with a header, and configurations that cannot be read."""
    header = base64.b64encode(f"ada:{secret('mcp-remote, decoded')}".encode()).decode()
    secret.cores["mcp-remote, in base64"] = header
    url = f"https://ada:{secret('mcp-remote: user-info')}@127.0.0.1:9/mcp?key={secret('mcp-remote: query')}"
    args = ["mcp-remote", url, "--header", f"Authorization: Basic {header}", "--header", f"X-K: {secret('header X-K')}"]
    cursor = doctor.home / ".cursor" / "mcp.json"
    cursor.parent.mkdir()
    cursor.write_text(json.dumps({"mcpServers": {"blender": {"command": "npx", "args": args}}}))
    broken = doctor.home / ".config" / "Code" / "User" / "mcp.json"
    broken.parent.mkdir(parents=True)
    broken.write_text(
        '{"servers": {"blender": {"command": "uvx", "args": ["blender-mcp", "--token" '
        f'"{secret("broken JSON: argument")}"], "env": {{"SOMETHING": "{secret("broken JSON: env")}" "X": 1}}}}}}}}'
    )
    toml = doctor.home / ".codex" / "config.toml"
    toml.parent.mkdir()
    toml.write_text(f'[mcp_servers.blender]\ncommand = "uvx"\nenv = {{ SOMETHING = "{secret("broken TOML")}" X }}\n')


def _log(doctor: Doctor, secret: Secrets) -> None:
    lines = [
        f"ModuleNotFoundError: No module named 'mcp.server.fastmcp' (token={secret('log: token')})",
        f"Error: spawn {doctor.home}/bin/x ENOENT https://ada:{secret('log: address')}@example.org",
    ]
    stamp = "2030-01-01T10:00:00.000Z [blender]"
    text = f"{stamp} [info] Initializing server...\n{stamp} [info] Server started and connected successfully\n"
    text += "".join(f"{line}\n" for line in lines)
    text += f"{stamp} [error] Server disconnected. API_KEY={secret('log: key')}\n"
    folder = Path(doctor.home, ".config", "Claude", "logs")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mcp-server-blender.log").write_text(text)
