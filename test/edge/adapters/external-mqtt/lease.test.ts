import { expect, onTestFinished, test } from 'vitest';
import { startMosquitto } from '../../../simulators/mosquitto.ts';
import { tempDir } from '../../../simulators/temp-dir.ts';
import { describeWithPeer, requirePeer } from '../../../support/peers.ts';
import { RecordingSink } from '../../../support/recording-sink.ts';
import { makeGateway, type Peer, setUp, until } from './fake-broker.ts';

describeWithPeer('mosquitto', 'the lease of two gateways', () => {
  test('over an outage of the broker the gateway that worked goes on, and the other one takes nothing over', {
    timeout: 60_000,
  }, async () => {
    const { dir, remove } = tempDir('lease');
    onTestFinished(remove);
    const first = await startMosquitto(requirePeer('mosquitto'), dir, { verbose: false });
    onTestFinished(async () => {
      await first.process.stop();
    });
    const lease = { name: 'campus', takeoverMs: 2_000 };
    const [a, b] = ['a', 'b'].map((clientId) => makeGateway({ url: first.url }, { clientId, lease }));
    if (a === undefined || b === undefined) throw new Error('two gateways');
    const unknown = { a: 0, b: 0 };
    a.onUnknown = () => unknown.a++;
    b.onUnknown = () => unknown.b++;
    onTestFinished(async () => {
      await a.stop();
      await b.stop();
    });
    await a.start(new RecordingSink());
    await until(() => a.status().clients === 1);
    await b.start(new RecordingSink());
    await until(() => b.status().role === 'standby' && b.status().clients === 1);
    const before = { ...unknown };
    await first.process.kill();
    // longer than the lease lives
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect([a.status().role, b.status().role]).toEqual(['active', 'standby']);
    const again = await startMosquitto(requirePeer('mosquitto'), dir, { port: first.port, verbose: false });
    onTestFinished(async () => {
      await again.process.stop();
    });
    await until(() => a.status().clients === 1 && b.status().clients === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect([a.status().role, b.status().role]).toEqual(['active', 'standby']);
    expect(unknown).toEqual(before);
  });
});

test('bug: a gateway that hung took the old echo of its claim for a lease, and two worked for good', async () => {
  const { broker, gateway, sink } = await setUp({ lease: { name: 'campus', takeoverMs: 300 } });
  broker.script.echoes = false;
  await gateway.start(sink);
  const claims = (peer: Peer) =>
    peer.all('publish').filter(({ topic }) => String(topic).endsWith('/lease/campus'));
  const leaseOf = () => broker.peers.find((peer) => claims(peer).length > 0);
  await until(() => leaseOf() !== undefined && gateway.status().role === 'active');
  const peer = leaseOf() as Peer;
  const [first] = claims(peer);
  // renewals tell that it is past the life of the first claim
  await until(() => claims(peer).length > 3);
  const life = { properties: { messageExpiryInterval: 1 } };
  peer.publish(String(first?.topic), first?.payload as Buffer, life);
  peer.publish(String(first?.topic), JSON.stringify({ gateway: 'gw-02-site' }), life);
  await until(() => gateway.status().role === 'standby');
});
