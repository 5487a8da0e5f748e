import { join } from 'node:path';
import { type Gateway, restartGateway, startGateway } from '../simulators/gateway.ts';
import { waitFor } from '../simulators/wait.ts';
import { alternate } from './alternate.ts';
import { arrivalRate } from './arrivals.ts';
import { startPlainMosquitto } from './baselines.ts';
import { account, benchCampus, unbound } from './campus.ts';
import type { Measured, Measurement } from './figures.ts';
import { load, perSecond, type Shape } from './load.ts';
import { toggle } from './load-generator.ts';
import { Publisher } from './paced-publisher.ts';
import { median, ratioOf, round } from './statistics.ts';

const MODULES = 1_000;
const PUBLISHERS = 20;
/** Unacknowledged messages of a publisher. */
const IN_FLIGHT = 100;
/** The same for the embedded broker: what is waiting there is read as fast. */
const embedded: Shape = { connections: 50, inFlight: 20, devices: MODULES };
/** What the issue asks of one connection to a broker. */
const TARGET = 15_000;

/** Messages a second that waited at a real mosquitto, into the journal; beside the embedded broker's own. */
export const externalBroker: Measurement = {
  figures: ['external_broker_per_s'],
  async run(bench): Promise<Measured> {
    const { mosquitto } = bench;
    if (mosquitto === undefined) return { figures: {}, rows: [] };
    const [rounds, backlog, ms] = bench.quick ? [2, 40_000, 1_000] : [4, 100_000, 3_000];
    const broker = await bench.own(
      startPlainMosquitto(mosquitto, bench.folder('external-broker'), undefined, ['max_queued_messages 0']),
    );
    const dir = bench.folder('external');
    const config = {
      mqtt: unbound,
      brokers: [{ name: 'site', url: `mqtt://127.0.0.1:${broker.port}`, subscribe: ['io/#'] }],
    };
    let gateway: Gateway = await bench.own(startGateway({ dir, config, site: benchCampus(MODULES) }));
    await connected(gateway);
    bench.say(`${rounds} rounds of ${backlog.toLocaleString('en')} messages that waited`);
    const { external, own } = await alternate(rounds, {
      external: async () => {
        const before = await committed(gateway);
        await gateway.process.stop();
        await fill(broker.port, backlog);
        gateway = await bench.own(restartGateway(join(dir, 'edge.yaml')));
        return drained(gateway, before, backlog);
      },
      own: async () => {
        // the first sign-in of an account costs a scrypt; the others find it remembered
        (await Publisher.open(gateway.mqttPort, 'first', account.user, account.password)).close();
        return load(gateway.mqttPort, embedded, ms, account);
      },
    });
    const rate = round(median(external));
    bench.say(`target ${TARGET.toLocaleString('en')}/s: ${rate >= TARGET ? 'met' : 'MISSED'}`);
    return {
      figures: { external_broker_per_s: rate },
      rows: [
        {
          figure: 'external_broker_per_s',
          of: 'one connection, in order',
          gateway: perSecond(external),
          beside: `embedded, 50 x 20 ${perSecond(own)}`,
          ratio: ratioOf(external, own),
        },
      ],
    };
  },
};

function connected({ process }: Gateway): Promise<string> {
  return process.line((line) => line.includes('connected to the external broker'));
}

/** Leaves so many messages in the gateway's session at the broker. */
async function fill(port: number, messages: number): Promise<void> {
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, (_, i) => Publisher.open(port, `fill-${i}`)),
  );
  await Promise.all(publishers.map((publisher, i) => publishShare(publisher, i, messages / PUBLISHERS)));
  for (const publisher of publishers) publisher.close();
}

async function publishShare(publisher: Publisher, first: number, messages: number): Promise<void> {
  const devices = MODULES / PUBLISHERS;
  for (let sent = 0; sent < messages; ) {
    for (; sent < messages && sent - publisher.acked < IN_FLIGHT; sent++)
      publisher.publish(toggle(first * devices + (sent % devices), Math.floor(sent / devices)));
    const wanted = Math.min(messages, sent) - IN_FLIGHT / 2;
    await waitFor('acknowledgements', () => publisher.acked >= wanted, 60_000, 1);
  }
  await waitFor('the last acknowledgements', () => publisher.acked === messages, 60_000, 1);
}

/** Committed rows a second from the first that are seen to the last of the backlog. */
function drained(gateway: Gateway, before: number, backlog: number): Promise<number> {
  // a module that says what it said before is no event
  const expected = backlog - MODULES;
  // the start itself has rows
  const arrived = async () => Math.max(0, (await committed(gateway)) - before - 10);
  return arrivalRate('the backlog in the journal', expected, arrived);
}

async function committed({ url }: Gateway): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^campus_lane_e_seq (\d+)/m.exec(text)?.[1] ?? 0);
}
