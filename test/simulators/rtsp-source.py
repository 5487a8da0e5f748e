"""RTSP server with test pictures on GStreamer: /h264, /h265 and /mjpeg, each also as /NAME/sub in a quarter of the size.

Prints "listening PORT". Stopping the process (SIGSTOP) is a camera that freezes without closing its connections.
"""

import argparse

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

options = argparse.ArgumentParser()
options.add_argument("--port", default="0")
options.add_argument("--user")
options.add_argument("--password-env", help="environment variable that holds the password")
options.add_argument("--scheme", choices=["digest", "basic", "both"], default="digest")
options.add_argument("--width", type=int, default=640)
options.add_argument("--height", type=int, default=360)
options.add_argument("--fps", type=int, default=25)
options.add_argument("--gop", type=int, default=25)
options.add_argument("--kbps", type=int, default=1000)
options.add_argument("--pattern", default="ball")
options.add_argument("--file", help="MP4 with H.264 that /h264 plays from its beginning, once, instead of a test picture")
options.add_argument("--pictures", type=int, default=-1, help="ends the stream after so many, -1: never")
given = options.parse_args()

Gst.init(None)

encoders = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast bitrate={kbps} key-int-max={gop} ! "
    "video/x-h264,profile=main ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast bitrate={kbps} key-int-max={gop} ! "
    "rtph265pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "jpegenc quality=70 ! rtpjpegpay name=pay0 pt=26",
}


def factory(codec: str, width: int, height: int) -> GstRtspServer.RTSPMediaFactory:
    made = GstRtspServer.RTSPMediaFactory()
    encoder = encoders[codec].format(kbps=given.kbps, gop=given.gop)
    if codec == "h264" and given.file is not None:
        made.set_launch(
            f'( filesrc location="{given.file}" ! qtdemux ! h264parse ! '
            "rtph264pay name=pay0 pt=96 config-interval=-1 )"
        )
        made.set_shared(True)
        return secured(made)
    made.set_launch(
        f"( videotestsrc is-live=true num-buffers={given.pictures} pattern={given.pattern} ! "
        f"video/x-raw,format=I420,width={width},height={height},framerate={given.fps}/1 ! {encoder} )"
    )
    made.set_shared(True)
    return secured(made)


def secured(made: GstRtspServer.RTSPMediaFactory) -> GstRtspServer.RTSPMediaFactory:
    if given.user is not None:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        made.set_permissions(permissions)
    return made


server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(given.port)
mounts = server.get_mount_points()
for name in encoders:
    mounts.add_factory(f"/{name}", factory(name, given.width, given.height))
    mounts.add_factory(f"/{name}/sub", factory(name, given.width // 2 & ~1, given.height // 2 & ~1))

if given.user is not None:
    import os

    password = os.environ[given.password_env]
    auth = GstRtspServer.RTSPAuth()
    method = GstRtsp.RTSPAuthMethod
    methods = {"digest": method.DIGEST, "basic": method.BASIC, "both": method.DIGEST | method.BASIC}
    auth.set_supported_methods(methods[given.scheme])
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(given.user, password, token)
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(given.user, password), token)
    server.set_auth(auth)


# sessions of clients that vanished
GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() >= 0)
if server.attach(None) == 0:
    raise SystemExit("the port is taken")
print(f"listening {server.get_bound_port()}", flush=True)
GLib.MainLoop().run()
