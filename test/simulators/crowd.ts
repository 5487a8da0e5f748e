// Connections that say nothing, as a process of its own:
//   node crowd.js '{"port":1883,"silent":500,"half":500,"idle":1000,"user":"hub","password":"..."}'
// prints a JSON line whenever something changed, until it is killed
import { connect } from 'node:net';
import mqttPacket from 'mqtt-packet';

export interface CrowdOptions {
  port: number;
  /** Connected, without a byte. */
  silent: number;
  /** The first half of a CONNECT. */
  half: number;
  /** Signed in, and nothing after. */
  idle: number;
  user: string;
  password: string;
}

/** How many of a kind the gateway has open now, how many it ended, and how many were signed in. */
interface Kind {
  open: number;
  closed: number;
  signedIn: number;
}

export type Crowd = Record<'silent' | 'half' | 'idle', Kind>;

/** So many connections are begun at a time. */
const AT_ONCE = 100;

const options = JSON.parse(process.argv[2] ?? '{}') as CrowdOptions;
const kind = (): Kind => ({ open: 0, closed: 0, signedIn: 0 });
const crowd: Crowd = { silent: kind(), half: kind(), idle: kind() };

function join(name: keyof Crowd, n: number): Promise<void> {
  const counts = crowd[name];
  return new Promise((resolve) => {
    let isOpen = false;
    const socket = connect(options.port, '127.0.0.1', () => {
      isOpen = true;
      counts.open++;
      if (name !== 'silent') {
        const packet = signIn(n);
        socket.write(name === 'half' ? packet.subarray(0, packet.length / 2) : packet);
      }
      if (name !== 'idle') resolve();
    });
    socket.once('data', (answer: Buffer) => {
      if (answer[0] === 0x20 && answer[3] === 0) counts.signedIn++;
      resolve();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      counts.closed++;
      if (isOpen) counts.open--;
      resolve();
    });
  });
}

function signIn(n: number): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: `crowd-${n}`,
    keepalive: 0,
    username: options.user,
    password: Buffer.from(options.password),
  });
}

let shown = '';
setInterval(() => {
  const text = JSON.stringify(crowd);
  if (text !== shown) process.stdout.write(`${text}\n`);
  shown = text;
}, 50);

for (const name of ['idle', 'half', 'silent'] as const) {
  // the gateway checks the password once, and refuses those of the same user who would all wait for it
  if (options[name] > 0) await join(name, 0);
  for (let from = 1; from < options[name]; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, options[name] - from) }, (_, i) => from + i);
    await Promise.all(some.map((n) => join(name, n)));
  }
}
