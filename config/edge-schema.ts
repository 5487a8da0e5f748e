import { z } from 'zod';
import { timeOfDaySchema } from '../contract/calendar.ts';
import { modeSchema } from '../contract/event.ts';
import { findRegion, regionSchema } from '../contract/region.ts';
import { schoolCodeSchema } from '../contract/school-code.ts';
import { siteIdSchema } from '../contract/site.ts';
import { gatewayIdSchema } from '../contract/uplink-topic.ts';
import { brokerUrl, file, logSchema, mqttVersionSchema, port, signInParts } from './schema-parts.ts';
import { isFilter } from './topic-filter.ts';
import { isPolice } from './uplink-modes.ts';

const host = (preset: string, description: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'must be an address or a host name; write e.g. 0.0.0.0')
    .default(preset)
    .meta({ description, examples: [preset] });

const countySchema = regionSchema
  // Abolished counties stay valid: a newer table must not stop a gateway that was enrolled under the old code.
  .refine((code) => !regionSchema.safeParse(code).success || findRegion(code)?.level === 'county', {
    error: ({ input }) =>
      `"${input}" is not a county or district; write the 6 digits of GB/T 2260, e.g. "370102"`,
  })
  .meta({ description: 'County or district of the campus, GB/T 2260, 6 digits.', examples: ['370102'] });

const zoneSchema = z
  .string()
  .refine(isZone, {
    error: ({ input }) => `"${input}" is no time zone; write an IANA name, e.g. Asia/Shanghai`,
  })
  .default('Asia/Shanghai')
  .meta({
    description: 'IANA time zone in which device times without a zone are read.',
    examples: ['Asia/Shanghai'],
  });

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const siteSchema = z
  .strictObject({
    gateway: gatewayIdSchema.meta({
      description:
        'Id of this gateway, unique in the school; part of every uplink topic. Never change it later.',
      examples: ['gw-01'],
    }),
    school: schoolCodeSchema.meta({
      description: 'School code (学校标识码), 10 digits.',
      examples: ['4137010001'],
    }),
    region: countySchema,
    name: z
      .string()
      .min(1)
      .max(80)
      .meta({ description: 'Name of the school or campus.', examples: ['示例大学'] }),
    zone: zoneSchema,
    import: file(
      'YAML of places, slots, devices, credentials and users, imported at each start; omit it to keep what is in site.db.',
      'campus.yaml',
    ).optional(),
  })
  .describe('Which gateway this is and where it stands.');

const serverTlsSchema = z.strictObject({
  cert_file: file('Certificate chain, PEM.', 'tls/server.crt'),
  key_file: file('Private key, PEM.', 'tls/server.key'),
  ca_file: file('CA that client certificates are checked against, PEM.', 'tls/ca.crt').optional(),
  require_client_cert: z
    .boolean()
    .default(false)
    .describe(
      'Refuse peers without a certificate of ca_file. One whose common name is a broker user signs in as that user, also without a password.',
    ),
});

export const mqttListenerSchema = z.strictObject({
  host: host(
    '0.0.0.0',
    'Address to listen on; 0.0.0.0 is every IPv4 interface, 127.0.0.1 this machine only.',
  ),
  port: port(1883),
  tls: serverTlsSchema.optional().describe('MQTT over TLS on this listener.'),
});

const mqttSchema = z
  .strictObject({
    listeners: z
      .array(mqttListenerSchema)
      .min(1)
      .max(16)
      .default([{ host: '0.0.0.0', port: 1883 }])
      .describe('Where devices connect, MQTT 3.1.1.'),
    max_payload: z
      .int()
      .min(1024)
      .max(16 * 1024 * 1024)
      .default(256 * 1024)
      .meta({ description: 'Largest payload in bytes; more is refused and counted.', examples: [262144] }),
    max_topic_levels: z.int().min(3).max(128).default(32).describe('Most levels ("/") of a topic or filter.'),
    max_clients: z.int().min(1).max(50_000).default(10_000).describe('Most connections at a time.'),
    max_per_account: z
      .int()
      .min(1)
      .max(50_000)
      .default(100)
      .describe(
        'Most connections of one account, and sessions kept for it; an account for commissioning may have more.',
      ),
    max_unsigned: z
      .int()
      .min(1)
      .max(50_000)
      .default(50)
      .describe('Most connections of one address that have not signed in yet.'),
    max_rate: z
      .int()
      .min(100)
      .max(100_000)
      .default(1_000)
      .meta({
        description:
          'Messages a second of one account in the long run, five times that at once; more has to wait, nothing is dropped.',
        examples: [1000],
      }),
    anonymous: z
      .literal(false, 'must be false; give each device a user in "credentials" of the site import')
      .default(false)
      .describe('Always false: every device has a user and a password.'),
  })
  .prefault({})
  .describe('The embedded broker.');

const seconds = (min: number, max: number, preset: number, description: string) =>
  z
    .number()
    .min(min)
    .max(max)
    .default(preset)
    .meta({ description, examples: [preset] });

const onvifSchema = z
  .strictObject({
    pull_timeout_s: seconds(
      0.2,
      10,
      8,
      'Seconds that a device may hold a request for events while there are none. A dead event channel is noticed within three of these.',
    ),
    answer_timeout_s: seconds(0.2, 30, 5, 'Seconds for any answer, beyond what a device may hold it.'),
    back_off_first_s: seconds(0.05, 60, 1, 'Shortest wait before another attempt, seconds.'),
    back_off_max_s: seconds(0.05, 600, 60, 'Longest wait before another attempt, seconds.'),
    refused_retry_s: seconds(
      0.2,
      3_600,
      60,
      'Seconds between attempts with credentials that the device refuses: more would lock the account there.',
    ),
    termination_s: seconds(
      1,
      600,
      60,
      'Seconds after which a subscription ends by itself at the device, if the gateway does not renew it.',
    ),
  })
  .refine((onvif) => onvif.back_off_first_s <= onvif.back_off_max_s, {
    path: ['back_off_max_s'],
    error: 'must not be less than back_off_first_s',
  })
  .prefault({})
  .describe('Cameras and access controllers over ONVIF; which ones is in the site import.');

const consoleSchema = z
  .strictObject({
    host: host(
      '127.0.0.1',
      'Address of the web console and API; 0.0.0.0 makes it reachable from the campus network.',
    ),
    port: port(8080),
    tls: serverTlsSchema.omit({ ca_file: true, require_client_cert: true }).optional().describe('HTTPS.'),
    allow_plain_http: z
      .boolean()
      .default(false)
      .describe(
        'Allow HTTP without TLS on an address other than loopback: passwords then cross the network in clear.',
      ),
    session_hours: z.int().min(1).max(24).default(12).describe('Hours until a person has to sign in again.'),
  })
  .prefault({})
  .describe('Web console and HTTP API.');

const storageSchema = z
  .strictObject({
    reserve_mib: z
      .int()
      .min(16)
      .max(4096)
      .default(64)
      .describe('MiB kept free for alarms: a file that is given up when the disk is full.'),
    retention_days: z
      .int()
      .min(180)
      .max(3650)
      .default(180)
      .describe('Days that events and audit are kept; 180 is the least that the standards allow.'),
  })
  .prefault({})
  .describe('The journal.');

const alarmsSchema = z
  .strictObject({
    escalation: z
      .strictObject({
        second_station_s: seconds(0.2, 300, 30, 'Seconds to the second station, and louder.'),
        shift_leader_s: seconds(0.2, 600, 60, 'Seconds to the shift leader.'),
        security_chief_s: seconds(0.2, 1_800, 180, 'Seconds to the security chief and the county.'),
      })
      .refine(
        (o) => o.second_station_s <= o.shift_leader_s && o.shift_leader_s <= o.security_chief_s,
        'must rise from second_station_s to security_chief_s; write e.g. 30, 60, 180',
      )
      .prefault({})
      .describe('Who hears of a severity 1 that nobody has taken, and when.'),
    handle_within_s: seconds(0.2, 3_600, 180, 'Seconds to do something about an alarm; later is counted.'),
    on_scene_within_s: seconds(0.2, 3_600, 300, 'Seconds until somebody is on the scene; later is counted.'),
    undelivered_s: seconds(0.2, 600, 10, 'Seconds that a recipient may take to receipt a severity 1.'),
    flood: z
      .strictObject({
        alarms: z.int().min(1).max(1_000).default(10).describe('More new alarms than that...'),
        minutes: seconds(0.01, 1_440, 10, '...within so many minutes are a flood.'),
      })
      .prefault({})
      .describe('When consoles group by place what is not urgent.'),
    chatter: z
      .strictObject({
        raises: z
          .int()
          .min(2)
          .max(1_000)
          .default(10)
          .describe('A source that raises more often than that...'),
        minutes: seconds(
          0.01,
          1_440,
          5,
          '...within so many minutes chatters: what it raises is recorded only.',
        ),
        calm_minutes: seconds(0.01, 1_440, 5, 'Minutes without a raise after which it counts again.'),
      })
      .prefault({})
      .describe('Sources that raise again and again; never what concerns life, nor severity 1.'),
  })
  .prefault({})
  .describe('Alarms that wait, come too often, or do not get through.');

const clipSchema = z.strictObject({
  camera: siteIdSchema.meta({
    description: 'Id of the camera. Its stream is fetched all the time; H.264 only.',
    examples: ['cam-gate-1'],
  }),
  before_s: seconds(0, 60, 10, 'Seconds before the alarm.'),
  after_s: seconds(1, 60, 10, 'Seconds after the alarm.'),
  ring_mib: z
    .int()
    .min(1)
    .max(256)
    .default(32)
    .describe('MiB of memory that the seconds before may take; a better picture gets fewer of them.'),
  stream: z.enum(['main', 'sub']).default('main').describe('The full picture or the small one.'),
});

const mediaSchema = z
  .strictObject({
    snapshots: z
      .boolean()
      .default(true)
      .describe('Take a picture of each camera that sees the slot of an alarm, when it is raised.'),
    snapshot_timeout_s: seconds(0.2, 30, 5, 'Seconds that a camera may take for its picture.'),
    clips: z
      .array(clipSchema)
      .max(16)
      .default([])
      .describe('Cameras of which a film is kept around each alarm; none unless named.'),
    max_mib: z
      .int()
      .min(1)
      .max(16 * 1024 * 1024)
      .default(20 * 1024)
      .meta({
        description: 'MiB on disk for pictures and films. Beyond, the least important and oldest go.',
        examples: [20480],
      }),
    min_free_mib: z
      .int()
      .min(0)
      .max(1024 * 1024)
      .default(1024)
      .describe('MiB of the disk that pictures and films leave free for the journal.'),
  })
  .prefault({})
  .describe('Pictures and films of alarms, in media/ of data_dir.');

const dutySchema = z
  .strictObject({
    check_s: seconds(1, 1_800, 180, 'Seconds to answer a duty check with a personal code.'),
    absent_minutes: seconds(
      0.01,
      1_440,
      10,
      'Minutes without a console of a guard or shift leader after which nobody is on duty.',
    ),
    hours: z
      .strictObject({ from: timeOfDaySchema, to: timeOfDaySchema })
      .optional()
      .meta({
        description: 'When somebody must be there; `to` before `from`: on the next day. Default: always.',
        examples: [{ from: '06:00', to: '23:00' }],
      }),
  })
  .prefault({})
  .describe('Duty: checks, and whether anybody is there.');

const clientTlsSchema = z.strictObject({
  ca_file: file('CA of the broker, PEM; default: those of the system.', 'tls/province-ca.crt').optional(),
  cert_file: file('Certificate of this gateway, PEM.', 'tls/gw-01.crt').optional(),
  key_file: file('Private key of this gateway, PEM.', 'tls/gw-01.key').optional(),
});

const filterSchema = z
  .strictObject({
    types: z
      .array(
        z
          .string()
          .regex(
            /^[A-Z]{3,4}(?:\.[A-Z0-9_]+)?$/,
            'must be an event type or a family; write e.g. FIR.SMOKE or FIR',
          ),
      )
      .min(1)
      .optional()
      .meta({
        description: 'Event types or whole families; default all.',
        examples: [['EMG', 'FIR.CONFIRMED']],
      }),
    severity: z
      .int()
      .min(1)
      .max(4)
      .optional()
      .describe('Only this severity and more urgent ones (1 is most urgent).'),
    modes: z
      .array(modeSchema)
      .min(1)
      .optional()
      .meta({
        description:
          'Only what is live, a drill, a walk test, a test of a device; default all, but for "police": live only.',
        examples: [['live']],
      }),
  })
  .describe('What this recipient gets; the rest is named to it as skipped.');

export const uplinkSchema = z
  .strictObject({
    recipient: siteIdSchema.meta({
      description: 'Who receives: province, county, police...',
      examples: ['province'],
    }),
    url: brokerUrl('Broker of the recipient.', 'mqtts://iot.example.edu.cn:8883'),
    version: mqttVersionSchema,
    ...signInParts('gw-01', 'PROVINCE_PASSWORD', 'secrets/province'),
    tls: clientTlsSchema.optional().describe('For mqtts:// with a CA or a client certificate of your own.'),
    filter: filterSchema.optional(),
  })
  .refine(
    (uplink) => !isPolice(uplink) || (uplink.filter?.modes ?? ['live']).every((mode) => mode === 'live'),
    {
      path: ['filter', 'modes'],
      error: 'the police get nothing but what is real: leave modes out, or write [live]',
    },
  );

/** A broker that stands on the campus already, as a source of messages. */
export const brokerSchema = z.strictObject({
  name: siteIdSchema
    .refine((name) => name !== 'mqtt', 'is the name of the embedded broker; write another')
    .meta({
      description: 'What this broker is called here: in alarms, metrics and logs.',
      examples: ['site'],
    }),
  url: brokerUrl('Address of the broker; it must speak MQTT 5.', 'mqtts://mqtt.campus.lan:8883'),
  client_id: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1-64 letters, digits, ".", "_" or "-"; write e.g. gw-01-site')
    .optional()
    .meta({
      description: 'Client id there, which names the kept session; default: gateway, "-" and name.',
      examples: ['gw-01-site'],
    }),
  ...signInParts('gw-01', 'SITE_BROKER_PASSWORD', 'secrets/site-broker'),
  tls: clientTlsSchema
    .extend({
      ca_file: file('CA of the broker, PEM; default: those of the system.', 'tls/site-ca.crt').optional(),
      servername: z
        .string()
        .regex(/^[A-Za-z0-9.-]{1,253}$/, 'must be a host name; write e.g. mqtt.campus.lan')
        .optional()
        .meta({
          description: "Name that the broker's certificate bears; default: the host of url.",
          examples: ['mqtt.campus.lan'],
        }),
    })
    .optional()
    .describe('For mqtts://. The certificate of the broker is always verified.'),
  subscribe: z
    .array(
      z
        .string()
        .min(1)
        .max(1024)
        .refine(
          (filter) => isFilter(filter) && !filter.startsWith('$'),
          'must be a topic filter, not of $share or $SYS; write e.g. zigbee2mqtt/#',
        ),
    )
    .min(1)
    .max(100)
    .meta({
      description: 'Topic filters; they must not overlap, or the broker delivers twice.',
      examples: [['zigbee2mqtt/#', 'application/+/device/+/event/up']],
    }),
  qos: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .default(1)
    .describe('Highest QoS asked for; with 0 nothing waits at the broker and messages may be lost.'),
  session_hours: z
    .int()
    .min(1)
    .max(720)
    .default(24)
    .describe('Hours that the broker keeps what comes while the gateway is away.'),
  keepalive_s: z
    .int()
    .min(5)
    .max(300)
    .default(20)
    .describe('Seconds; a dead broker is found within 1.5 times of it.'),
  max_payload: z
    .int()
    .min(1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024)
    .describe('Largest payload in bytes; more is refused and counted.'),
  prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+){0,7}$/,
      'must be levels of a topic; write e.g. campus-gateway',
    )
    .max(128)
    .default('campus-gateway')
    .meta({
      description: 'The gateway publishes and subscribes below it; allow both in the ACL of the broker.',
      examples: ['campus-gateway'],
    }),
  lease: z
    .strictObject({
      name: siteIdSchema.meta({
        description: 'The same at all gateways that stand by for each other.',
        examples: ['campus'],
      }),
      takeover_s: z
        .int()
        .min(6)
        .max(120)
        .default(15)
        .describe('Seconds without a sign of life after which another gateway takes over.'),
    })
    .optional()
    .describe('One of several gateways works for this broker, the others stand by.'),
});

/** `edge.yaml` as a person writes it; descriptions, defaults and examples make docs, editors and messages. */
export const edgeSchema = z.strictObject({
  site: siteSchema,
  data_dir: file(
    'Folder of journal.db, site.db, the reserve for alarms, media, and quarantine; made if missing.',
    '../data',
  ).default('../data'),
  mqtt: mqttSchema,
  brokers: z
    .array(brokerSchema)
    .max(8)
    .default([])
    .describe('Brokers of the site that the gateway is a client of; may be empty.'),
  onvif: onvifSchema,
  console: consoleSchema,
  storage: storageSchema,
  alarms: alarmsSchema,
  duty: dutySchema,
  media: mediaSchema,
  uplinks: z.array(uplinkSchema).max(8).default([]).describe('Who gets the events; may be empty.'),
  profiles: z
    .strictObject({
      dir: file(
        'Folder of site profiles; one with the id of a built-in profile replaces it.',
        'profiles',
      ).optional(),
    })
    .prefault({})
    .describe('Device profiles beside the built-in ones.'),
  log: logSchema('Log of the program itself; events and audit are in the journal.'),
});

/** A checked `edge.yaml`: defaults filled in, paths absolute. */
export type EdgeConfig = z.output<typeof edgeSchema>;
export type UplinkConfig = EdgeConfig['uplinks'][number];
export type BrokerConfig = EdgeConfig['brokers'][number];
export type ClipConfig = EdgeConfig['media']['clips'][number];
export type MqttListenerConfig = EdgeConfig['mqtt']['listeners'][number];
