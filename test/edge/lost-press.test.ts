import { pino } from 'pino';
import { expect, test } from 'vitest';
import { loadEdgeConfig } from '../../config/edge.ts';
import type { Alarm } from '../../contract/alarm.ts';
import { startApp } from '../../edge/app.ts';
import { signIn, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { RawDevice } from './adapters/mqtt/support.ts';

test('bug: a press whose first sending was lost, and that came with DUP, was taken for the press before it', async () => {
  const folder = tempDir('lost-press');
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir: folder.dir, site: testCampus(1) }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  const app = await startApp(loaded.value, pino({ level: 'silent' }));
  try {
    const { cookie } = await signIn(app.consoleUrl, 'guard', passwords.guard);
    const panic = async (): Promise<Alarm | undefined> => {
      const response = await fetch(`${app.consoleUrl}/api/v1/alarms?state=open`, { headers: { cookie } });
      const { alarms } = (await response.json()) as { alarms: Alarm[] };
      return alarms.find(({ type }) => type === 'EMG.PANIC');
    };
    const port = Number(new URL(app.mqttEndpoints[0] as string).port);
    const device = await RawDevice.dial(port);
    device.connect('io-1', { password: Buffer.from(passwords.device), clean: false });
    await device.receives('connack');
    let said = 0;
    const say = async (messageId: number, value: string, dup = false): Promise<void> => {
      device.publish('io/io-1/state', JSON.stringify({ ch: { 1: value } }), { qos: 1, messageId, dup });
      await device.receives('puback', ++said);
    };
    await say(1, 'normal');
    await say(2, 'alarm');
    await say(3, 'normal');
    expect(await panic()).toMatchObject({ condition: 'returned', count: 1 });
    // the same once more is a repetition only under the same identifier
    await say(2, 'alarm', true);
    await say(3, 'normal', true);
    expect(await panic()).toMatchObject({ condition: 'returned', count: 1 });
    await say(4, 'alarm', true);
    expect(await panic()).toMatchObject({ condition: 'active', count: 2, operator: 'new' });
  } finally {
    await app.stop();
    folder.remove();
  }
});
