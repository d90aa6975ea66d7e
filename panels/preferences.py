# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences: where to look, what to expect, what may be started."""

from __future__ import annotations

from typing import Any

import bpy

from ..operators import clock, consent, endpoint, pins, settings
from . import language, self_test, wrap
from .language import say

MCP_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
"""As in `diagnostics/protocols/mcp_versions.py`, which is not loaded while Blender starts; a test compares them."""


def _redraw(_owner: Any, _context: bpy.types.Context) -> None:
    clock.redraw()


class MCP_DIAGNOSTICS_PG_pin(bpy.types.PropertyGroup):
    """A requirement that the MCP server's environment has to keep to."""

    requirement: bpy.props.StringProperty(
        name="Requirement",
        description="A package and its versions, like mcp<2 or mcp-for-blender==2.2.4. "
        "Another installed version is reported as a failure",
    )


class MCP_DIAGNOSTICS_PG_permission(bpy.types.PropertyGroup):
    """A command that may be started. The digest decides; the rest is for people."""

    digest: bpy.props.StringProperty()
    app: bpy.props.StringProperty()
    command_line: bpy.props.StringProperty()


class MCP_DIAGNOSTICS_AP_preferences(bpy.types.AddonPreferences):
    """What the user may want otherwise."""

    bl_idname = settings.PACKAGE

    host: bpy.props.StringProperty(
        name="Host",
        description="Where Blender's add-on listens. Until you change host or port, the diagnosis looks where "
        "your AI app's own configuration says",
        default=settings.DEFAULT_HOST,
        update=_redraw,
    )
    port: bpy.props.IntProperty(
        name="Port",
        description="The port on which Blender's add-on listens. Until you change host or port, the diagnosis looks "
        "where your AI app's own configuration says",
        default=settings.DEFAULT_PORT,
        min=1,
        max=65535,
        update=_redraw,
    )
    kind: bpy.props.EnumProperty(
        name="Kind",
        description="What answers at this port",
        items=(
            ("AUTO", "Automatic", "Recognise whatever answers at this port, and say what it is"),
            ("BRIDGE", "Add-on", "Expect the socket of a Blender MCP add-on and nothing else"),
            ("MCP_HTTP", "MCP Server (HTTP)", "Expect an MCP server that is reached over HTTP"),
            ("MCP_SSE", "MCP Server (SSE)", "Expect an MCP server that is reached over the older HTTP+SSE"),
        ),
    )
    path: bpy.props.StringProperty(
        name="Path",
        description="Where the MCP server is on its web server, like /mcp. Empty looks at the usual places. "
        "An add-on in Blender has none",
    )
    use_tls: bpy.props.BoolProperty(
        name="TLS",
        description="Encrypt the connection and check the certificate, for a port behind a TLS proxy. "
        "The add-ons themselves do not use TLS",
    )
    ca_file: bpy.props.StringProperty(
        name="CA File",
        description="Certificates to trust, in PEM format. Empty uses those of the system",
        subtype="FILE_PATH",
    )
    server_name: bpy.props.StringProperty(
        name="Server Name",
        description="The name that the certificate must carry. Empty uses the host",
    )
    client_cert: bpy.props.StringProperty(
        name="Client Certificate",
        description="Your own certificate with its private key, in PEM format, for a server that asks for one",
        subtype="FILE_PATH",
    )
    expect_protocol: bpy.props.StringProperty(
        name="Protocol Versions",
        description="What the add-on has to report, like 15, and the version of MCP that the server has to agree on, "
        "like 2025-11-25. Several of a kind, separated by commas, mean that each is fine. Empty accepts every version",
    )
    offers: bpy.props.EnumProperty(
        name="Offered MCP Versions",
        description="The versions of MCP that a server is asked for. One that is negotiated stands also for those "
        "before it; 2026-07-28 is asked for in a way of its own, which older servers do not know",
        items=tuple((version, version, f"Offer MCP {version}") for version in MCP_VERSIONS),
        default={settings.DEFAULT_OFFER},
        options={"ENUM_FLAG"},
    )
    headers: bpy.props.StringProperty(
        name="Header",
        description="For an MCP server over HTTP that wants to know who asks, like Authorization=MY_TOKEN: the name of "
        "a header, and of the environment variable that holds its value. Nothing secret is kept here",
    )
    server_config: bpy.props.StringProperty(
        name="Server Configuration",
        description="The MCP server's own configuration file, if it has one (JSON, TOML, INI or .env). What it says of "
        "address, port, protocol version and allowed clients is compared with these settings",
        subtype="FILE_PATH",
    )
    lock_file: bpy.props.StringProperty(
        name="Lock File",
        description="What a working chain consisted of, as “mcp-diagnostics lock write” has recorded it. What is "
        "otherwise now is reported as a warning",
        subtype="FILE_PATH",
    )
    lock_must_match: bpy.props.BoolProperty(
        name="Must Match",
        description="Report what is otherwise than in the lock file as a failure",
    )
    pins: bpy.props.CollectionProperty(
        name="Requirements",
        description="Packages whose versions are pinned",
        type=MCP_DIAGNOSTICS_PG_pin,
    )
    permissions: bpy.props.CollectionProperty(
        name="Permissions",
        description="Commands that the diagnosis may start",
        type=MCP_DIAGNOSTICS_PG_permission,
    )
    deadline: bpy.props.FloatProperty(
        name="Deadline",
        description="After this time, in seconds, the diagnosis ends and says what it could not find out",
        default=settings.DEFAULT_DEADLINE_S,
        min=1.0,
        max=600.0,
        subtype="TIME_ABSOLUTE",
    )
    muted: bpy.props.StringProperty(
        name="Muted Causes",
        description="Ids of causes that are still shown and decide nothing, separated by commas, like "
        "server.sdk-pin-open. Ids stand in the report",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the four sections."""
        language.follow()
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self._draw_connection(layout.column())
        self._draw_expectations(layout.column())
        self._draw_permissions(layout.column(), context)
        advanced = layout.column()
        advanced.label(text="Advanced")
        advanced.prop(self, "deadline")
        advanced.prop(self, "muted")
        self_test.draw(advanced, context)

    def _draw_connection(self, column: bpy.types.UILayout) -> None:
        column.label(text="Connection")
        column.prop(self, "host")
        column.prop(self, "port")
        if settings.endpoint_is_given(self):
            column.operator(endpoint.MCP_DIAGNOSTICS_OT_follow_app.bl_idname)
        column.prop(self, "kind")
        if self.kind != "BRIDGE":
            column.prop(self, "path")
            column.prop(self, "headers")
        column.prop(self, "use_tls")
        tls = column.column()
        tls.enabled = self.use_tls
        tls.prop(self, "ca_file")
        tls.prop(self, "server_name")
        tls.prop(self, "client_cert")

    def _draw_expectations(self, column: bpy.types.UILayout) -> None:
        column.label(text="Expectations")
        column.prop(self, "expect_protocol")
        column.column().prop(self, "offers")
        column.prop(self, "server_config")
        column.prop(self, "lock_file")
        must = column.column()
        must.enabled = bool(self.lock_file)
        must.prop(self, "lock_must_match")
        for index, pin in enumerate(self.pins):
            row = column.row(align=True)
            row.prop(pin, "requirement", text="Requirement" if index == 0 else " ")
            row.operator(pins.MCP_DIAGNOSTICS_OT_pin_remove.bl_idname, text="", icon="X").index = index
        column.operator(pins.MCP_DIAGNOSTICS_OT_pin_add.bl_idname, icon="ADD")

    def _draw_permissions(self, column: bpy.types.UILayout, context: bpy.types.Context) -> None:
        column.label(text="Permissions")
        space = wrap.preferences_space(context)
        if not self.permissions:
            none = "No command may be started. The panel asks when one would help."
            wrap.text(column, space, say(none), dim=True)
        for row in self.permissions:
            box = column.box().column()
            wrap.text(box, space, say("$app starts:", app=row.app))
            wrap.text(box, space, row.command_line, dim=True)
            box.operator(consent.MCP_DIAGNOSTICS_OT_revoke.bl_idname, icon="X").digest = row.digest


CLASSES = (MCP_DIAGNOSTICS_PG_pin, MCP_DIAGNOSTICS_PG_permission, MCP_DIAGNOSTICS_AP_preferences)
