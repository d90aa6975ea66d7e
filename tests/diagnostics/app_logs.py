# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501  # logs are quoted line by line
"""Logs of AI apps in the shapes that users have posted. Claude Desktop itself cannot be run in these tests."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .runs import Doctor

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# mcp.log, 2024: modelcontextprotocol/servers#… as quoted in the field guide, AI apps 4.1.
OF_2024 = "2024-11-25T21:14:11.495Z [error] Error in MCP connection to server fetch: Error: spawn uvx ENOENT\n"

# mcp-server-<name>.log, spring 2025: ahujasid/blender-mcp and modelcontextprotocol/servers#1448.
NOT_FOUND = """\
2025-04-16T08:32:29.330Z [blender] [info] Initializing server...
2025-04-16T08:32:29.358Z [blender] [error] spawn uvx ENOENT {"context":"connection","stack":"Error: spawn uvx ENOENT\\n    at ChildProcess._handle.onexit (node:internal/child_process:285:19)"}
2025-04-16T08:32:29.360Z [blender] [error] spawn uvx ENOENT {"stack":"Error: spawn uvx ENOENT\\n    at onErrorNT (node:internal/child_process:483:16)"}
2025-04-16T08:32:29.390Z [blender] [info] Server transport closed
2025-04-16T08:32:29.391Z [blender] [info] Server transport closed unexpectedly, this is likely due to the process exiting early. If you are developing this MCP server you can add output to stderr (i.e. `console.error('...')` in JavaScript, `print('...', file=sys.stderr)` in python) and it will appear in this log.
2025-04-16T08:32:29.392Z [blender] [error] Server disconnected. For troubleshooting guidance, please visit our [debugging documentation](https://modelcontextprotocol.io/docs/tools/debugging) {"context":"connection"}
"""

# mcp.log, spring 2025: the level stands before the server.
OF_ALL = """\
2025-04-23T18:37:36.437Z [info] [weather] Initializing server...
2025-04-23T18:37:36.500Z [error] [weather] spawn npx ENOENT
2025-04-23T18:37:37.437Z [info] [blender] Initializing server...
2025-04-23T18:37:37.460Z [error] [blender] spawn uvx ENOENT
"""

# Late 2025: `util.inspect` over several lines (field guide 4.1; the block of paths from ahujasid/blender-mcp#155).
BLOCKS = """\
2025-10-12T06:34:45.785Z [blender] [info] Initializing server... { metadata: undefined }
2025-10-12T06:34:45.786Z [blender] [info] Initializing server... { metadata: undefined }
2025-10-12T06:34:45.793Z [blender] [info] Using MCP server command: uvx with args and path: {
  metadata: {
    args: [ 'blender-mcp', [length]: 1 ],
    paths: [
      '/usr/local/bin',
      '/opt/homebrew/bin',
      '/usr/bin',
      [length]: 3
    ]
  }
} %o
2025-10-12T06:34:45.794Z [blender] [error] spawn uvx ENOENT {
  metadata: {
    context: 'connection',
    stack: 'Error: spawn uvx ENOENT\\n' +
      '    at ChildProcess._handle.onexit (node:internal/child_process:285:19)'
  }
}
"""

# A server that answers (shape: abhishekbhakat/airflow-mcp-server#20).
STARTED = """\
2025-05-04T10:47:35.061Z [blender] [info] Initializing server...
2025-05-04T10:47:35.069Z [blender] [info] Server started and connected successfully
2025-05-04T10:47:35.071Z [blender] [info] Message from client: {"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"claude-ai","version":"0.1.0"}},"jsonrpc":"2.0","id":0}
Installed 55 packages in 32ms
2025-05-04 12:47:36,826 - BlenderMCPServer - INFO - BlenderMCP server starting up
2025-05-04T10:47:36.923Z [blender] [info] Message from server: {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2024-11-05","capabilities":{"tools":{"listChanged":false}},"serverInfo":{"name":"BlenderMCP","version":"1.7.1"}}}
2025-05-04T10:47:36.924Z [blender] [info] Message from client: {"method":"notifications/initialized","jsonrpc":"2.0"}
2025-05-04T10:47:36.930Z [blender] [info] Message from client: {"method":"tools/list","params":{},"jsonrpc":"2.0","id":1}
2025-05-04T10:47:36.940Z [blender] [info] Message from server: {"jsonrpc":"2.0","id":1,"result":{"tools":[]}}
"""

# 60 s to the millisecond (ahujasid/blender-mcp#155).
TIMED_OUT = """\
2025-10-12T06:34:45.785Z [blender] [info] Initializing server... { metadata: undefined }
2025-10-12T06:34:45.794Z [blender] [info] Server started and connected successfully { metadata: undefined }
2025-10-12T06:34:45.831Z [blender] [info] Message from client: {"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"claude-ai","version":"0.1.0"}},"jsonrpc":"2.0","id":0} { metadata: undefined }
Downloading pydantic-core (1.9MiB)
2025-10-12T06:35:45.830Z [blender] [info] Message from client: {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0,"reason":"McpError: MCP error -32001: Request timed out"}} { metadata: undefined }
2025-10-12T06:35:45.833Z [blender] [info] Server transport closed { metadata: undefined }
"""

# The same in the summaries of 2026 (anthropics/claude-code#84136 and field guide 4.1).
TIMED_OUT_2026 = """\
2026-08-05T10:42:46.158Z [blender] [info] Initializing server...
2026-08-05T10:42:46.170Z [blender] [info] Server started and connected successfully
2026-08-05T10:42:46.194Z [blender] [info] Message from client: method="initialize" id=0
Downloading botocore (14.8MiB)
2026-08-05T10:43:46.215Z [blender] [info] Message from client: method="notifications/cancelled" requestId=0 reason="McpError: MCP error -32001: Request timed out"
"""

# A traceback that the server printed (ahujasid/blender-mcp#297).
TRACEBACK = """\
2025-09-01T10:00:00.000Z [blender] [info] Initializing server...
2025-09-01T10:00:00.010Z [blender] [info] Server started and connected successfully
2025-09-01T10:00:00.020Z [blender] [info] Message from client: {"method":"initialize","params":{},"jsonrpc":"2.0","id":0}
Traceback (most recent call last):
  File "/x/bin/blender-mcp", line 4, in <module>
    from blender_mcp.server import main
  File "/x/blender_mcp/server.py", line 2, in <module>
    from mcp.server.fastmcp import FastMCP, Context, Image
ModuleNotFoundError: No module named 'mcp.server.fastmcp'
2025-09-01T10:00:01.000Z [blender] [info] Server transport closed
2025-09-01T10:00:01.001Z [blender] [error] Server disconnected. For troubleshooting guidance, please visit our [debugging documentation](https://modelcontextprotocol.io/docs/tools/debugging)
"""

# VS Code and its relatives: local time (ahujasid/blender-mcp#256, microsoft/vscode#326622).
VS_CODE = """\
2026-05-23 23:59:18.247 [info] Starting server blender
2026-05-23 23:59:18.247 [info] Connection state: Starting
2026-05-23 23:59:18.248 [info] Starting server from LocalProcess extension host
2026-05-23 23:59:18.266 [info] Connection state: Running
2026-05-23 23:59:21.827 [warning] [server stderr] 2026-05-23 23:59:21,826 - BlenderMCPServer - INFO - BlenderMCP server starting up
2026-05-23 23:59:21.830 [warning] [server stderr] Traceback (most recent call last):
2026-05-23 23:59:21.830 [warning] [server stderr]   File "/x/server.py", line 2, in <module>
2026-05-23 23:59:21.831 [warning] [server stderr] ModuleNotFoundError: No module named 'mcp.server.fastmcp'
2026-05-23 23:59:22.000 [info] Discovered 0 tools
"""
VS_CODE_NOT_FOUND = """\
2026-07-20 15:58:58.247 [info] Starting server blender
2026-07-20 15:58:58.247 [info] Connection state: Starting
2026-07-20 15:58:58.266 [info] Connection state: Error spawn uvx ENOENT
"""

# Claude Code: an object of JSON a line (members as in modelcontextprotocol/servers#2338).
CLAUDE_CODE = """\
{"debug":"Starting connection with timeout of 30000ms","timestamp":"2026-07-31T10:20:09.396Z","sessionId":"a3d9f7e4","cwd":"/home/ada/scene"}
{"error":"Server stderr: Downloading numpy (16.0MiB)","timestamp":"2026-07-31T10:20:10.000Z","sessionId":"a3d9f7e4","cwd":"/home/ada/scene"}
{"debug":"Connection timeout triggered after 30040ms (limit: 30000ms)","timestamp":"2026-07-31T10:20:39.436Z","sessionId":"a3d9f7e4","cwd":"/home/ada/scene"}
"""

# Zed: one log for the whole app (maquina-app/rails-mcp-server#33, zed-industries/zed#44786).
ZED = """\
2025-12-30T17:40:42+03:00 INFO  [workspace] Rendered first frame
2025-12-30T17:41:42+03:00 ERROR [context_server::client] cancelled csp request task for "initialize" id 0 which took over 60s
2025-12-30T17:41:42+03:00 ERROR [project::context_server_store] blender context server failed to start: Context server request timeout
2025-12-30T17:41:45+03:00 INFO  [lsp] starting language server process. binary path: "/x/node", working directory: "/x", args: ["/x"]
"""

# Codex (openai/codex#4590, GuDaStudio/codexmcp#10, stravu/crystal#216).
CODEX = """\
2025-10-17T12:54:11.463219Z  INFO codex_core::mcp_connection_manager: new mcp_servers
2025-10-17T12:54:21.602605Z ERROR codex_core::codex: MCP client for `blender` failed to start: request timed out
"""

EVERY = {name: text for name, text in globals().items() if name.isupper() and isinstance(text, str)}

LOGS = {"linux": ".config/Claude/logs", "darwin": "Library/Logs/Claude", "win32": "AppData/Roaming/Claude/logs"}
"""Where Claude Desktop keeps its logs, below the home folder."""


def moved(text: str, to: datetime) -> str:
    """The log with its first time at this moment and all others as far after it as they were."""
    times = [datetime.fromisoformat(match[0]) for match in STAMP.finditer(text)]

    def stamp(match: re.Match[str]) -> str:
        time = to + (datetime.fromisoformat(match[0]) - times[0])
        return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"

    return STAMP.sub(stamp, text)


def soon(seconds: float = 60) -> datetime:
    """A moment after all that the test has written."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def write_log(doctor: Doctor, text: str | bytes, name: str = "mcp-server-blender.log") -> Path:
    """Writes a log of Claude Desktop, byte by byte as given."""
    file = doctor.home / LOGS[doctor.platform] / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def configured_on(doctor: Doctor, day: str) -> None:
    """Dates the configuration back, such as to "2025-01-01"."""
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    os.utime(doctor.config, (moment, moment))
