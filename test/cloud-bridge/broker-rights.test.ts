import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, expect, it } from 'vitest';
import { Receiver } from '../../cloud-bridge/receiver/receiver.ts';
import { SqliteStore } from '../../cloud-bridge/receiver/sqlite-store.ts';
import { Uplink } from '../../cloud-bridge/uplink/uplink.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { waitFor } from '../simulators/wait.ts';
import { makeCertificates } from '../support/certs.ts';
import { MemoryOutbox } from '../support/memory-outbox.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { quiet } from './bridge-world.ts';

const closers: Array<() => Promise<unknown> | unknown> = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

describeWithPeer(['mosquitto', 'openssl'], 'a province as docs/uplink.md sets it up', () => {
  it('takes frames over TLS from the certificate that owns the path, and from no other', {
    timeout: 60_000,
  }, async () => {
    const { dir, remove } = tempDir('rights');
    closers.push(remove);
    const certs = makeCertificates('another-school');
    const file = (name: string, text: string) => {
      writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    // The certificate's common name is "dev-smoke-01"; only the path of gw-01 is its own.
    const acl = file(
      'acl',
      [
        'user dev-smoke-01',
        'topic write cs/v1/3701/370102/4137010001/gw-01/up/#',
        'topic read cs/v1/3701/370102/4137010001/gw-01/dn/#',
        'user 127.0.0.1',
        'topic read cs/v1/+/+/+/+/up/#',
        'topic write cs/v1/+/+/+/+/dn/rcpt',
        '',
      ].join('\n'),
    );
    chmodSync(acl, 0o700);
    const broker = await startMosquitto(requirePeer('mosquitto'), dir, {
      extra: [
        `cafile ${file('ca.crt', certs.ca)}`,
        `certfile ${file('server.crt', certs.server.cert)}`,
        `keyfile ${file('server.key', certs.server.key)}`,
        'require_certificate true',
        'use_identity_as_username true',
        'use_username_as_clientid true',
        `acl_file ${acl}`,
        'max_queued_messages 0',
        'set_tcp_nodelay true',
        'user root',
      ],
    });
    closers.push(() => broker.process.kill());
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const tls = ({ cert, key }: { cert: string; key: string }) => ({
      ca: Buffer.from(certs.ca),
      cert: Buffer.from(cert),
      key: Buffer.from(key),
    });
    const store = await SqliteStore.open({ file: join(dir, 'receiver.db'), deadLetterBytes: 1_000_000 });
    const receiver = await Receiver.start({
      recipient: 'province',
      broker: { url, tls: tls(certs.server) },
      http: { host: '127.0.0.1', port: 0 },
      store,
      logger: quiet,
    });
    closers.push(() => receiver.stop());
    await receiver.connected();
    const uplinkOf = (gateway: string) => {
      const outbox = new MemoryOutbox({ origin: { gateway } });
      outbox.append({ type: 'EMG.PANIC', edge: 'pulse' }, {}, {});
      const uplink = new Uplink({
        config: { recipient: 'province', url, tls: tls(certs.client), ...outbox.origin, name: 'x' },
        outbox,
        logger: quiet,
        boot: gateway,
        software: 's',
        health: () => ({ holdHours: 1, clock: 'sync' }),
        reconnect: { startMs: 0, firstMs: 200 },
        timing: { statusMs: 50, stalledMs: 1_000 },
      });
      uplink.start();
      closers.push(() => uplink.stop());
      return uplink;
    };
    // With the same certificate and another path nothing arrives, and the gateway is not told that all is well.
    const intruder = uplinkOf('gw-02');
    await waitFor('the intruder to notice', () =>
      /does not take the hello.*[Nn]ot authorized/.test(intruder.status().reason ?? ''),
    );
    expect(intruder.status().lanes).toMatchObject({ a: { ack: 0 }, e: { ack: 0 } });
    await intruder.stop();
    const owner = uplinkOf('gw-01');
    await waitFor('both lanes of the owner', () => {
      const { a, e } = owner.status().lanes;
      return a.ack === 1 && e.ack === 2;
    });
    // bug: whoever had any certificate could push a gateway off the broker with its client id
    for (const protocolVersion of [4, 5] as const) {
      const thief = await connectAsync(url, {
        ...tls(certs.device),
        protocolVersion,
        clientId: 'cs-4137010001-gw-01-province',
        reconnectPeriod: 0,
      });
      await thief.subscribeAsync('cs/v1/3701/370102/4137010001/gw-01/dn/rcpt');
      await thief.endAsync();
    }
    expect(owner.status()).toMatchObject({ state: 'up', counters: { connects: 1 } });
    expect((await store.events({ after: 0, limit: 10 })).map(({ gateway }) => gateway)).toEqual([
      'gw-01',
      'gw-01',
      'gw-01',
    ]);
    expect((await store.gateways()).map(({ gateway }) => gateway)).toEqual(['gw-01']);
  });
});
