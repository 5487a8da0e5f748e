import { describe } from 'vitest';
import { adapterConformance } from '../../../conformance/adapter.ts';
import { FakeBroker, makeGateway } from './fake-broker.ts';

describe.each([1, 2] as const)('an external broker is an adapter, QoS %i', (qos) => {
  adapterConformance(async () => {
    const broker = await FakeBroker.start();
    broker.script.answers = false;
    const adapter = makeGateway(broker, {
      qos,
      limits: { backOff: { firstMs: 5, maxMs: 20 }, connectTimeoutMs: 300 },
    });
    let next = 1;
    return {
      adapter,
      async connect() {
        broker.script.answers = true;
        const peer = await broker.peer(broker.peers.length + 1);
        broker.script.answers = false;
        return {
          send(payload) {
            const messageId = next++;
            peer.publish('io/1/state', payload, { qos, messageId });
            const ack = qos === 1 ? 'puback' : 'pubrec';
            const acknowledged = new Promise<void>((resolve, reject) => {
              const timer = setInterval(() => {
                if (peer.acks(ack).includes(messageId)) resolve();
                else if (peer.isClosed) reject(new Error('the connection ended'));
                else return;
                clearInterval(timer);
              }, 2);
            });
            return { acknowledged };
          },
          close: async () => {
            peer.socket.destroy();
          },
        };
      },
    };
  });
});
