// The copy path with its relay and its lane, and one viewer over a WebSocket. Argument: RTSP address; the account of the
// camera is in the environment. Prints its port.
import { pino } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { LiveVideo } from '../../edge/adapters/video/live-video.ts';
import { VideoLane } from '../../edge/api/live-video-lane.ts';

const [, , url = ''] = process.argv;
const { RTSP_USER: user = '', RTSP_PASSWORD: password = '' } = process.env;
const video = new LiveVideo({
  logger: pino({ level: 'warn' }, process.stderr),
  streams: { streamOf: async () => ({ url, user, password }) },
});
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
server.on('connection', (socket: WebSocket) => {
  const lane = new VideoLane({
    send: (frame, taken) => socket.send(frame, { binary: true }, () => taken()),
    onStalled: () => socket.terminate(),
  });
  const leave = video.view(
    { camera: 'bench', stream: 'main', mse: true },
    {
      started: ({ init }) => lane.begin(1, init),
      segment: ({ data, keyframe }) => lane.push(1, data, keyframe),
      failed: ({ en }) => process.stderr.write(`${en}\n`),
    },
  );
  socket.on('close', leave);
});
process.on('SIGTERM', () => void video.stop().then(() => process.exit(0)));
