// The real programs that tests talk to: Debian's packages, and where to find what they bring.
// One row a peer. `package` is what apt installs, one of `command`, `file` or `python` proves that it is there.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Peer
 * @property {string} name what tests ask for
 * @property {string} package Debian package, or several with a space between
 * @property {string} [command] program in PATH or in an sbin folder
 * @property {string} [file] file that must exist
 * @property {string} [python] module that Debian's python3 must be able to import
 * @property {readonly string[]} [elements] beside `python`: GStreamer elements that must be there
 */

/** @satisfies {readonly Peer[]} */
export const PEERS = /** @type {const} */ ([
  { name: 'mosquitto', package: 'mosquitto', command: 'mosquitto' },
  { name: 'mosquitto-clients', package: 'mosquitto-clients', command: 'mosquitto_pub' },
  { name: 'paho', package: 'python3-paho-mqtt', python: 'paho.mqtt.client' },
  { name: 'chromium', package: 'chromium', command: 'chromium' },
  {
    name: 'cjk-fonts',
    package: 'fonts-noto-cjk',
    file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
  },
  { name: 'openssl', package: 'openssl', command: 'openssl' },
  { name: 'strace', package: 'strace', command: 'strace' },
  { name: 'faketime', package: 'faketime', command: 'faketime' },
  { name: 'ffmpeg', package: 'ffmpeg', command: 'ffmpeg' },
  {
    name: 'gstreamer',
    package:
      'python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly',
    python: 'gi.repository.GstRtspServer',
    elements: ['x264enc', 'x265enc', 'jpegenc', 'rtph264pay', 'rtph265pay', 'rtpjpegpay', 'videotestsrc'],
  },
]);

/** @typedef {(typeof PEERS)[number]['name']} PeerName */

/** Whether a missing peer is a failure instead of a skipped test. */
export const peersRequired = process.env.CI === 'true' || process.env.CI === '1';

// Debian keeps daemons (mosquitto) out of the PATH of ordinary users.
const searchPath = [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
].filter((directory) => directory !== '');

// Exit code 1 when one of the arguments is no element that GStreamer knows.
const FIND_ELEMENTS = `import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
sys.exit(any(Gst.ElementFactory.find(name) is None for name in sys.argv[1:]))
`;

/**
 * Where the peer is: the program's or the file's path (for a Python module, python3's path); undefined if missing.
 * @param {Peer} peer
 * @returns {string | undefined}
 */
export function locate(peer) {
  if (peer.command !== undefined) return findCommand(peer.command);
  if (peer.file !== undefined) return existsSync(peer.file) ? peer.file : undefined;
  if (peer.python !== undefined) {
    // Debian's own interpreter: another one earlier in the PATH does not see Debian's modules.
    const python = '/usr/bin/python3';
    if (!isExecutable(python)) return undefined;
    const elements = peer.elements ?? [];
    const script = `import ${peer.python}\n${elements.length === 0 ? '' : FIND_ELEMENTS}`;
    const { status } = spawnSync(python, ['-c', script, ...elements], { stdio: 'ignore' });
    return status === 0 ? python : undefined;
  }
  throw new Error(`peer ${peer.name} has neither command, file nor python`);
}

/**
 * @param {string} command
 * @returns {string | undefined}
 */
function findCommand(command) {
  return searchPath.map((directory) => join(directory, command)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
