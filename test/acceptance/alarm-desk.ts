import { join } from 'node:path';
import type { Alarm, Transition } from '../../contract/alarm.ts';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import { Publisher } from '../bench/paced-publisher.ts';
import { type Gateway, restartGateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { passwords } from '../simulators/test-campus.ts';

/** A wired module that says one input at a time. */
export class Inputs {
  readonly #publisher: Publisher;
  readonly #id: string;
  #seq = 0;

  private constructor(id: string, publisher: Publisher) {
    this.#id = id;
    this.#publisher = publisher;
  }

  static async open({ mqttPort }: Gateway, id: string): Promise<Inputs> {
    return new Inputs(id, await Publisher.open(mqttPort, id, id, passwords.device));
  }

  say(input: number, state: 'alarm' | 'normal'): void {
    const payload = JSON.stringify({ ch: { [input]: state }, seq: ++this.#seq });
    this.#publisher.publish({ topic: `io/${this.#id}/state`, payload });
  }

  /** Messages that were acknowledged. */
  get acked(): number {
    return this.#publisher.acked;
  }

  close(): void {
    this.#publisher.close();
  }
}

/** A gateway as its own process, with a guard and a shift leader who sit in front of it. */
export class AlarmDesk {
  gateway: Gateway;
  guard: Session;
  leader: Session;
  live: LiveClient;
  readonly #open: Array<{ close(): void }> = [];

  private constructor(gateway: Gateway, guard: Session, leader: Session, live: LiveClient) {
    this.gateway = gateway;
    this.guard = guard;
    this.leader = leader;
    this.live = live;
  }

  static async start(dir: string, site: Record<string, unknown>, config: Record<string, unknown> = {}) {
    const gateway = await startGateway({ dir: join(dir, 'gateway'), site, config });
    return new AlarmDesk(gateway, ...(await people(gateway)));
  }

  async inputs(id: string): Promise<Inputs> {
    const inputs = await Inputs.open(this.gateway, id);
    this.#open.push(inputs);
    return inputs;
  }

  /** Kills it, and starts it again on the same files. */
  async killAndRestart(): Promise<void> {
    this.live.close();
    await this.gateway.process.kill();
    this.gateway = await restartGateway(this.gateway.configFile);
    [this.guard, this.leader, this.live] = await people(this.gateway);
  }

  /** Does something to the alarm as it is now; the alarm after it, or the problem. */
  async act(session: Session, id: string, action: string, more: Record<string, unknown> = {}) {
    const { body } = await session.call('GET', `/api/v1/alarms/${id}`);
    const { version } = body as Alarm;
    return session.call('POST', `/api/v1/alarms/${id}/${action}`, { version, ...more }) as Promise<{
      status: number;
      body: Alarm & { code?: string; detail?: string };
    }>;
  }

  async open(): Promise<Alarm[]> {
    return ((await this.guard.call('GET', '/api/v1/alarms?limit=1000')).body as { alarms: Alarm[] }).alarms;
  }

  /** What changed the alarm, oldest first. */
  async history(id: string): Promise<Transition[]> {
    const { body } = await this.guard.call('GET', `/api/v1/alarms/${id}/history`);
    return (body as { history: { event: CloudEvent }[] }).history.map(
      ({ event }) => event.data.data as unknown as Transition,
    );
  }

  async stop(): Promise<void> {
    for (const one of this.#open) one.close();
    this.live.close();
    await this.gateway.process.stop();
  }
}

async function people({ url }: Gateway): Promise<[guard: Session, leader: Session, live: LiveClient]> {
  const guard = await signIn(url, 'guard', passwords.guard);
  const leader = await signIn(url, 'leader', passwords.leader, 'control-centre');
  return [guard, leader, await LiveClient.connect(guard)];
}
