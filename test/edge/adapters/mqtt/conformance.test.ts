import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { describe } from 'vitest';
import { MqttBroker } from '../../../../edge/adapters/mqtt/broker.ts';
import { adapterConformance } from '../../../conformance/adapter.ts';

describe.each([1, 2] as const)('the embedded broker is an adapter, QoS %i', (qos) => {
  adapterConformance(async () => {
    const adapter = new MqttBroker({
      name: 'campus',
      listeners: [{ host: '127.0.0.1', port: 0 }],
      access: { authenticate: async (user) => ({ user, publish: ['#'], subscribe: [] }) },
      logger: pino({ level: 'silent' }),
      clock: Date.now,
    });
    return {
      adapter,
      async connect() {
        const client = await connectAsync(adapter.status().endpoints[0] ?? '', {
          username: 'io1',
          password: 'x',
          reconnectPeriod: 0,
        });
        return {
          send: (payload) => ({
            acknowledged: Promise.race([
              client.publishAsync('io/1/state', payload, { qos }).then(() => {}),
              new Promise<void>((_resolve, reject) => {
                client.once('close', () => reject(new Error('the connection ended')));
              }),
            ]),
          }),
          close: () => client.endAsync(true),
        };
      },
    };
  });
});
