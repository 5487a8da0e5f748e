import { connect } from 'node:net';
import mqttPacket from 'mqtt-packet';

export interface SubscriberOptions {
  port: number;
  filter: string;
  /** 1: acknowledges at once, and has a session that the broker keeps. */
  qos: 0 | 1;
  clientId?: string;
  onMessage: (topic: string, payload: Buffer) => void;
}

/** The cheapest subscriber there is, on a raw socket. Resolves, once subscribed, with how to end it. */
export function subscribe(options: SubscriberOptions): Promise<() => void> {
  const { port, filter, qos, clientId = `sub-${process.pid}`, onMessage } = options;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const parser = mqttPacket.parser();
    socket.on('data', (data: Buffer) => parser.parse(data));
    socket.on('error', reject);
    parser.on('packet', (packet) => {
      if (packet.cmd === 'publish') {
        onMessage(packet.topic, packet.payload as Buffer);
        if (packet.qos === 1 && packet.messageId !== undefined) {
          socket.write(mqttPacket.generate({ cmd: 'puback', messageId: packet.messageId }));
        }
      } else if (packet.cmd === 'suback') {
        resolve(() => socket.destroy());
      } else if (packet.cmd === 'connack') {
        const subscriptions = [{ topic: filter, qos }];
        socket.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions }));
      }
    });
    socket.write(
      mqttPacket.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: qos === 0,
        clientId,
        keepalive: 0,
      }),
    );
  });
}
