import { EVENT_TYPES_VERSION } from '../../contract/event-type.ts';
import type { Heartbeat, Hello } from '../../contract/gateway-state.ts';
import type { Outbox } from '../../contract/outbox.ts';
import type { RecipientConfig } from './recipient.ts';
import type { UplinkStatus } from './status.ts';

/** What only the gateway knows, asked for at each heartbeat. */
export type GatewayHealth = Pick<Heartbeat, 'holdHours' | 'clock' | 'calendar'>;

/** First message of a connection. */
export function helloOf(config: RecipientConfig, outbox: Outbox, boot: string, software: string): Hello {
  const { gateway, school, region, name } = config;
  return {
    k: 'hello',
    v: 1,
    gateway,
    school,
    region,
    name,
    boot,
    epoch: outbox.epoch,
    ...(outbox.predecessor === undefined ? {} : { predecessor: outbox.predecessor }),
    software,
    schema: EVENT_TYPES_VERSION,
    capabilities: [],
  };
}

/** Where both lanes end and what waits. `at`: milliseconds since 1970. */
export function heartbeatOf(
  outbox: Outbox,
  lanes: UplinkStatus['lanes'],
  health: GatewayHealth,
  from: Pick<Heartbeat, 'boot' | 'software'>,
  at: number,
): Heartbeat {
  const [a, e] = [outbox.head('a'), outbox.head('e')];
  return {
    k: 'hb',
    ...from,
    epoch: outbox.epoch,
    at: new Date(at).toISOString(),
    lanes: { a: { seq: a.seq, head: a.hash }, e: { seq: e.seq, head: e.hash } },
    outbox: {
      a: { oldestS: lanes.a.oldestS, n: a.seq - lanes.a.ack },
      e: { oldestS: lanes.e.oldestS, n: e.seq - lanes.e.ack },
    },
    ...health,
  };
}
