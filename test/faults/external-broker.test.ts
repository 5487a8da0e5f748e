import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageFile } from '../../contract/package-root.ts';
import { cli } from '../simulators/cli.ts';
import { type Gateway, restartGateway, signIn, startGateway, testSite } from '../simulators/gateway.ts';
import { freePort, type Mosquitto, startMosquitto } from '../simulators/mosquitto.ts';
import { startProcess } from '../simulators/processes.ts';
import { SerialClient } from '../simulators/serial-client.ts';
import { SERIAL_PROFILE, writeSerialProfile } from '../simulators/serial-profile.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { waitFor } from '../simulators/wait.ts';
import { makeCertificates } from '../support/certs.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const full = process.env.FULL === '1';
const KILLS = full ? 20 : 4;
const CLIENTS = 20;
/** mosquitto acknowledges at once: without a pause the journal grows for the test's sake. */
const PAUSE_MS = 10;

const { dir, remove } = tempDir('external');
const names = Array.from({ length: CLIENTS }, (_, i) => `serial-${i + 1}`);
const guard = { user: 'guard', name: '张值班', role: 'guard', password: 'guard-in-the-test' };
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** A mosquitto for the gateway over TLS with client certificates, and for devices in clear. */
class SiteBroker {
  readonly tlsPort: number;
  mosquitto: Mosquitto;

  private constructor(tlsPort: number, mosquitto: Mosquitto) {
    this.tlsPort = tlsPort;
    this.mosquitto = mosquitto;
  }

  static async start(extra: string[] = []): Promise<SiteBroker> {
    const tlsPort = await freePort();
    const lines = [
      'max_queued_messages 0',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...extra,
      `listener ${tlsPort} 127.0.0.1`,
      `cafile ${dir}/ca.crt`,
      `certfile ${dir}/server.crt`,
      `keyfile ${dir}/server.key`,
      'require_certificate true',
    ];
    const mosquitto = await startMosquitto(requirePeer('mosquitto'), dir, { extra: lines, verbose: false });
    const broker = new SiteBroker(tlsPort, mosquitto);
    stops.push(() => broker.mosquitto.process.stop());
    return broker;
  }

  get port(): number {
    return this.mosquitto.port;
  }

  /** `brokers:` of a gateway that uses it. */
  config(more: Record<string, unknown> = {}) {
    return {
      name: 'site',
      url: `mqtts://127.0.0.1:${this.tlsPort}`,
      tls: {
        ca_file: join(dir, 'ca.crt'),
        cert_file: join(dir, 'client.crt'),
        key_file: join(dir, 'client.key'),
      },
      subscribe: ['serial/#', 'io/#'],
      ...more,
    };
  }
}

function gatewayOf(name: string, broker: Record<string, unknown>): Promise<Gateway> {
  const folder = join(dir, name);
  return startGateway({
    dir: folder,
    config: {
      site: { ...testSite, gateway: name, import: 'campus.yaml' },
      profiles: { dir: profiles() },
      brokers: [broker],
    },
    site: {
      devices: [
        ...names.map((id) => ({ id, name: id, profile: SERIAL_PROFILE })),
        { id: 'io-1', name: '一键报警', profile: 'io.wired', inputs: { 1: { means: 'panic' } } },
      ],
      users: [guard],
    },
  });
}

function profiles(): string {
  return writeSerialProfile(dir, { isKeyed: false });
}

interface Body {
  type: string;
  subject: string;
  edge: string;
  freshness: string;
  data: { origin: { device?: string }; data?: { serial?: string } };
}

/** Every event of a journal that `take` makes something of, in order. */
async function journalOf<T>(dataDir: string, take: (body: Body) => T | undefined): Promise<T[]> {
  const child = spawn(process.execPath, [
    packageFile('dist', 'edge', 'main.js'),
    ...['journal', 'export', '--data', dataDir],
  ]);
  const taken: T[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const one = line.startsWith('{') ? take(JSON.parse(line) as Body) : undefined;
    if (one !== undefined) taken.push(one);
  }
  return taken;
}

/** Serials of a journal, in order. */
function serialsIn(dataDir: string): Promise<string[]> {
  return journalOf(dataDir, ({ type, data }) => (type === 'DEV.INPUT' ? data.data?.serial : undefined));
}

/** Attempts to connect are up to 60 s apart. */
const BACK_OFF_MS = 90_000;

const connected = (gateway: Gateway, from = 0) =>
  waitFor(
    'the gateway to connect',
    () => gateway.process.lines.slice(from).some((line) => line.includes('connected to the external broker')),
    BACK_OFF_MS,
  );

describeWithPeer(
  ['mosquitto', 'openssl'],
  'the site’s own mosquitto over TLS with client certificates',
  () => {
    beforeAll(() => {
      const { ca, server, client, rogue } = makeCertificates();
      writeFileSync(join(dir, 'ca.crt'), ca);
      for (const [name, { cert, key }] of Object.entries({ server, client, rogue })) {
        writeFileSync(join(dir, `${name}.crt`), cert);
        writeFileSync(join(dir, `${name}.key`), key);
      }
    });

    test(`kill -9 of the gateway, ${KILLS} times: what mosquitto acknowledged is in the journal, once, in order`, {
      timeout: 600_000,
    }, async () => {
      const broker = await SiteBroker.start();
      let gateway = await gatewayOf('gw-kill', broker.config());
      stops.push(() => gateway.process.stop());
      await connected(gateway);
      const clients = names.map((name) => new SerialClient(name, '', () => broker.port, PAUSE_MS));
      const count = () => clients.reduce((sum, client) => sum + client.acknowledged.length, 0);
      for (let kill = 1; kill <= KILLS; kill++) {
        const before = count();
        await waitFor('a thousand acknowledgements', () => count() > before + 1_000, 60_000);
        await gateway.process.kill();
        const away = count();
        await waitFor('messages while it is away', () => count() > away + 200, 60_000);
        gateway = await restartGateway(gateway.configFile);
        await connected(gateway);
      }
      await Promise.all(clients.map((client) => client.stop()));
      const acknowledged = clients.flatMap((client) => client.acknowledged);
      const stored = await waitFor(
        'everything to be stored',
        async () => {
          const serials = await serialsIn(gateway.dataDir);
          return new Set(serials).size >= acknowledged.length ? serials : undefined;
        },
        60_000,
        500,
      );
      const known = new Set(stored);
      expect(acknowledged.filter((serial) => !known.has(serial))).toEqual([]);
      const twice = stored.filter((serial, i) => stored.indexOf(serial) !== i);
      expect(twice, 'nothing twice').toEqual([]);
      for (const name of names) {
        const own = stored
          .filter((serial) => serial.startsWith(`${name}-`))
          .map((s) => Number(s.split('-')[2]));
        expect(own, `${name} in order`).toEqual([...own].sort((a, b) => a - b));
      }
      const verify = await cli(['journal', 'verify', '--data', gateway.dataDir]);
      expect(verify.code).toBe(0);
      console.log(`${acknowledged.length} acknowledged over ${KILLS} kills, ${stored.length} stored`);
      await gateway.process.stop();
    });

    test('a panic button that was pressed while the gateway was away is shown, as late; one pressed now is live', {
      timeout: 60_000,
    }, async () => {
      const broker = await SiteBroker.start();
      let gateway = await gatewayOf('gw-late', broker.config());
      stops.push(() => gateway.process.stop());
      await connected(gateway);
      const device = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
      stops.push(() => device.endAsync(true));
      const press = (state: string) =>
        device.publishAsync('io/io-1/state', JSON.stringify({ ch: { 1: state } }), { qos: 1 });
      await press('normal');
      await gateway.process.kill();
      await press('alarm');
      await press('normal');
      gateway = await restartGateway(gateway.configFile);
      await gateway.process.line((line) => line.includes('what follows is live'));
      await press('alarm');
      const raised = await waitFor('both presses', async () => {
        const panics = await journalOf(gateway.dataDir, ({ type, edge, freshness }) =>
          type === 'EMG.PANIC' && edge !== 'clear' ? freshness : undefined,
        );
        return panics.length >= 2 ? panics : undefined;
      });
      expect(raised).toEqual(['late', 'live']);
      const session = await signIn(gateway.url, guard.user, guard.password);
      const { body } = await session.call('GET', '/api/v1/alarms');
      expect(JSON.stringify(body)).toContain('EMG.PANIC');
      await gateway.process.stop();
    });

    test('the broker goes: after 30 s a fault, what its devices held is unknown; it comes back: all is there again', {
      timeout: 300_000,
    }, async () => {
      const broker = await SiteBroker.start();
      const gateway = await gatewayOf('gw-outage', broker.config());
      stops.push(() => gateway.process.stop());
      await connected(gateway);
      const port = broker.port;
      const device = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
      stops.push(() => device.endAsync(true));
      await device.publishAsync('io/io-1/state', '{"ch":{"1":"alarm"}}', { qos: 1 });
      const types = () =>
        journalOf(gateway.dataDir, ({ type, edge, data }) => {
          const to = (data.data as { to?: { condition?: string } } | undefined)?.to?.condition;
          return `${type} ${to ?? edge}`;
        });
      await waitFor('the alarm', async () => (await types()).includes('EMG.PANIC raise'));
      await broker.mosquitto.process.kill();
      await gateway.process.line((line) => line.includes('external broker: '));
      await waitFor(
        'the fault',
        async () => (await types()).includes('SYS.GATEWAY_DOWN raise'),
        60_000,
        1_000,
      );
      await waitFor('unknown', async () => (await types()).includes('ALM.TRANSITION unknown'));
      expect(await types()).not.toContain('ALM.TRANSITION returned');
      expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
      const from = gateway.process.lines.length;
      const file = join(dir, `mosquitto-${port}.conf`);
      const again = startProcess(requirePeer('mosquitto'), ['-c', file]);
      stops.push(() => again.stop());
      await connected(gateway, from);
      await gateway.process.line((line) => line.includes('the broker kept no session for us'));
      const client = new SerialClient('serial-1', '', () => port);
      await waitFor('messages', () => client.acknowledged.length > 10);
      await client.stop();
      await waitFor('what came after the outage', async () =>
        (await serialsIn(gateway.dataDir)).includes('serial-1-10'),
      );
      await waitFor('the end of the fault', async () => (await types()).includes('SYS.GATEWAY_DOWN clear'));
      await gateway.process.stop();
    });

    test.each([
      [
        'a certificate of an unknown CA',
        { cert_file: 'rogue.crt', key_file: 'rogue.key' },
        'refuses our certificate|takes our certificate',
      ],
      [
        'no certificate',
        { cert_file: undefined, key_file: undefined },
        'refuses our certificate|takes our certificate',
      ],
      [
        'another CA than the broker’s',
        { ca_file: 'rogue.crt' },
        "the broker's certificate is not of ca_file",
      ],
      ['another name than the certificate’s', { servername: 'elsewhere.example' }, 'is for another name'],
    ])('with %s the log says what is wrong, and nothing else is disturbed', async (_, change, message) => {
      const broker = await SiteBroker.start();
      const config = broker.config();
      const tls = Object.fromEntries(
        Object.entries({ ...config.tls, ...change }).flatMap(([key, value]) =>
          value === undefined
            ? []
            : [[key, key.endsWith('_file') ? join(dir, value.replace(`${dir}/`, '')) : value]],
        ),
      );
      const gateway = await gatewayOf('gw-tls', { ...config, tls });
      stops.push(() => gateway.process.stop());
      const line = await gateway.process.line((text) => text.includes('external broker: '));
      expect(line).toMatch(new RegExp(message));
      expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
      await gateway.process.stop();
    });

    test('two gateways: one works, the other stands by and takes over; nothing is in neither journal', {
      timeout: 300_000,
    }, async () => {
      const broker = await SiteBroker.start();
      const lease = { lease: { name: 'campus', takeover_s: 6 } };
      const first = await gatewayOf('gw-a', broker.config(lease));
      stops.push(() => first.process.stop());
      await first.process.line((line) => line.includes('works for the broker now'));
      await connected(first);
      const second = await gatewayOf('gw-b', broker.config(lease));
      stops.push(() => second.process.stop());
      await second.process.line((line) => line.includes('this one stands by'));
      await connected(second);
      const clients = names
        .slice(0, 5)
        .map((name) => new SerialClient(name, '', () => broker.port, PAUSE_MS));
      const count = () => clients.reduce((sum, client) => sum + client.acknowledged.length, 0);
      await waitFor('acknowledgements', () => count() > 1_000, 60_000);
      expect(await serialsIn(second.dataDir)).toEqual([]);
      // of a gateway that could not ask at its start an old line says that it works, too
      const secondWorks = second.process.nextLine((line) => line.includes('works for the broker now'));
      const began = performance.now();
      await first.process.kill();
      await secondWorks;
      const tookMs = performance.now() - began;
      const atTakeover = count();
      await waitFor('acknowledgements after it', () => count() > atTakeover + 500, 60_000);
      await Promise.all(clients.map((client) => client.stop()));
      const acknowledged = clients.flatMap((client) => client.acknowledged);
      await waitFor('all of it in one journal or the other', async () => {
        const stored = new Set([...(await serialsIn(first.dataDir)), ...(await serialsIn(second.dataDir))]);
        return acknowledged.every((serial) => stored.has(serial));
      });
      const [a, b] = [await serialsIn(first.dataDir), await serialsIn(second.dataDir)];
      const both = a.filter((serial) => b.includes(serial)).length;
      console.log(
        `take-over after ${Math.round(tookMs)} ms; ${a.length} + ${b.length} stored, ${both} by both`,
      );
      expect(b.length).toBe(new Set(b).size);

      // the first one comes back and stands by
      const returned = await restartGateway(first.configFile);
      stops.push(() => returned.process.stop());
      await returned.process.line((line) => line.includes('this one stands by'));
      await connected(returned);

      // the one that works hangs: its lease runs out; when it goes on it finds that it stands by
      const returnedWorks = returned.process.nextLine((line) => line.includes('works for the broker now'));
      second.process.child.kill('SIGSTOP');
      await returnedWorks;
      const standsBy = second.process.nextLine((line) => line.includes('this one stands by'), BACK_OFF_MS);
      second.process.child.kill('SIGCONT');
      await standsBy;

      // the one that works is stopped: the other one takes over at once
      const takesOver = second.process.nextLine(
        (line) => line.includes('works for the broker now'),
        BACK_OFF_MS,
      );
      await returned.process.stop();
      await takesOver;
      await second.process.stop();
    });
  },
);
