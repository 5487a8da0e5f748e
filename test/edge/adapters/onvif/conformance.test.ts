import { describe, onTestFinished } from 'vitest';
import { adapterConformance } from '../../../conformance/adapter.ts';
import { startCamera } from '../../../simulators/onvif/camera.ts';
import { waitFor } from '../../../simulators/wait.ts';
import { deviceOf, Watched } from './support.ts';

describe('ONVIF is an adapter', () => {
  adapterConformance(async () => {
    const camera = await startCamera({ states: [] });
    onTestFinished(() => camera.stop());
    camera.fault('refuse');
    const { adapter } = new Watched([deviceOf(camera)], { pullMs: 5_000, silentAfterMs: 20_000 });
    return {
      adapter,
      textOf: (payload) => (JSON.parse(payload) as { data: { text: string } }).data.text,
      async connect() {
        const before = camera.stats().pulls;
        camera.clearFaults();
        await waitFor('a pull', () => camera.stats().pulls > before);
        return {
          send(text) {
            const { pulls } = camera.stats();
            camera.emit({ topic: 'tns1:Device/Trigger/DigitalInput', data: { text } });
            // the next pull says that the last one is stored
            const acknowledged = waitFor('the next pull', () => {
              if (camera.stats().subscriptions === 0) throw new Error('the subscription ended');
              return camera.stats().pulls > pulls;
            }).then(() => undefined);
            return { acknowledged };
          },
          async close() {
            camera.fault('refuse');
            camera.cutConnections();
          },
        };
      },
    };
  });
});
