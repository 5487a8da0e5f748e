// The baseline: node-rtsp-stream as its README shows it. Arguments: RTSP address with its account, port.
import { createRequire } from 'node:module';

const Stream = createRequire(import.meta.url)('node-rtsp-stream');
const [, , streamUrl, port] = process.argv;
const stream = new Stream({
  name: 'bench',
  streamUrl,
  wsPort: Number(port),
  ffmpegOptions: { '-stats': '', '-r': 25 },
});
process.stdout.write(`${JSON.stringify({ port: Number(port) })}\n`);
process.on('SIGTERM', () => {
  stream.stop();
  process.exit(0);
});
