import { z } from 'zod';
import { alarmActionRequestSchema, alarmSchema, transitionSchema } from '../alarm.ts';
import { cloudEventSchema } from '../cloud-event.ts';
import { commandSchema, deviceCommandSchema, remoteConfigSchema } from '../command.ts';
import { clockSchema, eventSchema, instantSchema, mediaSchema, originSchema } from '../event.ts';
import { passageSchema, patrolSchema, tombstoneSchema } from '../event-data.ts';
import { eventTypeSchema } from '../event-type.ts';
import { frameSchema, receiptSchema } from '../frame.ts';
import { gatewayStateSchema } from '../gateway-state.ts';
import { inventorySchema } from '../inventory.ts';
import { liveFrameSchema, liveReportSchema } from '../live.ts';
import { problemSchema } from '../problem.ts';
import { readingSchema } from '../reading.ts';
import { siteSchema } from '../site.ts';

const schemas: Readonly<Record<string, { title: string; schema: z.ZodType }>> = {
  event: { title: 'Normalised event', schema: eventSchema },
  'cloud-event': { title: 'Event as it is stored and travels (CloudEvents 1.0)', schema: cloudEventSchema },
  alarm: { title: 'Alarm', schema: alarmSchema },
  transition: { title: 'Data of an ALM.TRANSITION event', schema: transitionSchema },
  'alarm-action-request': { title: 'Body of an alarm action', schema: alarmActionRequestSchema },
  frame: { title: 'Payload of an uplink frame', schema: frameSchema },
  receipt: { title: 'Receipt of a receiver', schema: receiptSchema },
  'gateway-state': { title: 'Message on up/state', schema: gatewayStateSchema },
  'live-frame': { title: 'Text frame of the live feed', schema: liveFrameSchema },
  inventory: { title: 'Message on up/inv', schema: inventorySchema },
  command: { title: 'Message on dn/cmd', schema: commandSchema },
  'device-command': {
    title: 'Data of a DEV.OUTPUT event that a command of a person left',
    schema: deviceCommandSchema,
  },
  'remote-config': { title: 'Message on dn/cfg', schema: remoteConfigSchema },
  tombstone: { title: 'Data of a SYS.TOMBSTONE event', schema: tombstoneSchema },
  passage: { title: 'Data of ACC.* and VEH.* events', schema: passageSchema },
  patrol: { title: 'Data of PAT.* events', schema: patrolSchema },
  'event-type': { title: 'Entry of event-types.json', schema: eventTypeSchema },
  'live-report': { title: 'Text frame that a client of the live feed sends', schema: liveReportSchema },
  problem: { title: 'Error of the API (RFC 9457)', schema: problemSchema },
  site: { title: 'Site import', schema: siteSchema },
};

/** What is used in many places stands once in a schema, under its name. */
const named = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries({
  Alarm: alarmSchema,
  CloudEvent: cloudEventSchema,
  Clock: clockSchema,
  Instant: instantSchema,
  Media: mediaSchema,
  Origin: originSchema,
  Reading: readingSchema,
})) {
  named.add(schema, { id });
}

/** The JSON Schemas of the contract as files: name and text. What is sent may have more fields than they name. */
export function contractSchemas(): Map<string, string> {
  return new Map(
    Object.entries(schemas).map(([name, { title, schema }]) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, {
        io: 'input',
        ...(name === 'site' ? {} : { metadata: named }),
      });
      const file = { $schema, $id: `urn:campus-gateway:contract:1:${name}`, title, ...rest };
      return [`${name}.schema.json`, `${JSON.stringify(file, null, 2)}\n`];
    }),
  );
}
