import { z } from 'zod';
import { freshnessSchema, instantSchema, mediaSchema, modeSchema, severitySchema } from './event.ts';
import { writtenTextSchema } from './text.ts';

/** The device's side of an alarm. `unknown`: its bridge is dead or its max-active timer ran out; never cleared. */
export const conditionSchema = z.enum(['active', 'returned', 'unknown']);
export type Condition = z.infer<typeof conditionSchema>;

/** The operator's side of an alarm, independent of the condition. */
export const operatorStateSchema = z.enum([
  'new',
  'acknowledged',
  'confirmed',
  'dispatched',
  'on-scene',
  'disposed',
  'closed',
]);
export type OperatorState = z.infer<typeof operatorStateSchema>;

export const verdictSchema = z.enum(['real', 'false', 'nuisance', 'test', 'drill', 'equipment']);
export type Verdict = z.infer<typeof verdictSchema>;

/** Real, drill and test instances of one type and subject never mix; a walk test counts as `test`. */
export const modeClassSchema = z.enum(['real', 'drill', 'test']);
export type ModeClass = z.infer<typeof modeClassSchema>;

export const confirmationSchema = z.object({
  how: z.enum(['on-site', 'video', 'phone']),
  by: z.string(),
  at: instantSchema,
});
export type Confirmation = z.infer<typeof confirmationSchema>;

export const dispositionSchema = z.object({
  verdict: verdictSchema,
  /** GA/T 669.7 six-digit category of `police-categories.json`. */
  policeCode: z.string().optional(),
  note: z.string().optional(),
  by: z.string(),
  at: instantSchema,
});
export type Disposition = z.infer<typeof dispositionSchema>;

/** Put aside for a while (severity 2-4): tracked, without a sound. It ends by itself. */
export const shelvingSchema = z.object({
  at: instantSchema,
  until: instantSchema,
  reason: z.string(),
  /** Who sees to the cause meanwhile. */
  owner: z.string(),
  by: z.string(),
});
export type Shelving = z.infer<typeof shelvingSchema>;

/** One life-safety detector whose alarms do not sound for a while, forwarded as FIR.SHIELD. It ends by itself. */
export const isolationSchema = z.object({
  at: instantSchema,
  until: instantSchema,
  reason: z.string(),
  /** Who looks after the place instead of the detector, and how often. */
  patrol: z.string(),
  by: z.string(),
  second: z.string(),
});
export type Isolation = z.infer<typeof isolationSchema>;

/** How far an unacknowledged severity 1 has gone: 1 second station and louder, 2 shift leader, 3 security chief and county. */
export const escalationSchema = z.object({ step: z.number().int().min(1).max(3), at: instantSchema });

/** Service levels (STANDARDS S18): handled, and somebody on the scene, by then. */
export const serviceSchema = z.object({ handle: instantSchema, scene: instantSchema });
export type ServiceLevel = keyof z.infer<typeof serviceSchema>;

/** Who took a step of the handling, and when; the newest if it was taken more than once. */
export const stepSchema = z.object({ by: z.string(), at: instantSchema, second: z.string().optional() });
export type Step = z.infer<typeof stepSchema>;

/** Steps that leave no `confirmation`, `disposition` or `proposal` behind (GA/T 669.7 6.2.3: handling times). */
export const stepsSchema = z.object({
  silence: stepSchema.optional(),
  acknowledge: stepSchema.optional(),
  dispatch: stepSchema.optional(),
  arrive: stepSchema.optional(),
  reset: stepSchema.optional(),
  close: stepSchema.optional(),
  unshelve: stepSchema.optional(),
  restore: stepSchema.optional(),
});
export type Steps = z.infer<typeof stepsSchema>;

/** What became of the picture of one camera that sees an alarm: `taken`, or why there is none. */
export const evidenceSchema = z.object({
  /** Id of the device. */
  camera: z.string(),
  kind: mediaSchema.shape.kind,
  result: z.enum([
    'taken',
    /** It hangs in a private place: it is not even asked. */
    'private-place',
    'unreachable',
    'no-answer',
    'wrong-password',
    'no-picture',
    'no-ffmpeg',
    /** The disk, or the share of it that media may take, is full of what must not be deleted. */
    'no-room',
  ]),
  /** When that was known. */
  at: instantSchema,
  /** Of `taken`: its id in `media`. */
  media: z.string().optional(),
  /** Otherwise: the next nearest camera, to be looked at instead. */
  instead: z.string().optional(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const deliverySchema = z.object({
  state: z.enum(['pending', 'receipted', 'failed']),
  at: instantSchema.optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/**
 * One alarm instance (CONTRACT section 4). Its key is type + subject + mode class; `version` rises by one with each
 * transition and is what an action compares.
 */
export const alarmSchema = z.object({
  id: z.uuid(),
  version: z.number().int().positive(),
  type: z.string(),
  /** Slot, place, device, recipient or gateway the alarm is about. */
  subject: z.string(),
  severity: severitySchema,
  condition: conditionSchema,
  /** Held until somebody resets it (GB 50394 5.2.3). */
  latched: z.boolean(),
  operator: operatorStateSchema,
  /** Sound suppressed until then; nothing else is. */
  silencedUntil: instantSchema.optional(),
  /** When `acknowledged` was reached; without a dispatch within 3 min it sounds again. */
  acknowledgedAt: instantSchema.optional(),
  /** When it last became `new`: what escalation and service levels count from. Absent before they existed. */
  newSince: instantSchema.optional(),
  /** Real severity 1-2 that is no fault: by when what has to be done. */
  due: serviceSchema.optional(),
  /** Levels that were missed since it last became `new`, and when. */
  overdue: serviceSchema.partial().optional(),
  escalation: escalationSchema.optional(),
  shelved: shelvingSchema.optional(),
  isolated: isolationSchema.optional(),
  /** How long it was shelved and isolated altogether, without the time under way; milliseconds. */
  unprotectedMs: z.number().int().nonnegative().optional(),
  /** Its source raises so often that further raises are recorded only, since then. */
  chattering: instantSchema.optional(),
  count: z.number().int().positive(),
  firstAt: instantSchema,
  lastAt: instantSchema,
  returnedAt: instantSchema.optional(),
  mode: modeSchema,
  freshness: freshnessSchema,
  /** The type concerns life: it sounds whatever its freshness. */
  lifeSafety: z.boolean(),
  /** Types with `silent`: no local sounder, no kiosk card. */
  silent: z.boolean().optional(),
  place: z.string().optional(),
  unit: z.string().optional(),
  device: z.string().optional(),
  /** The input of `device` that raised it, of a device with several. */
  input: z.string().optional(),
  slot: z.string().optional(),
  /** Devices or inputs (`device#input`) that hold it active; it returns when the last of them does. */
  sources: z.array(z.string()).optional(),
  /** Of `sources`, those out of reach: behind a dead bridge or a lost broker. While all of them are, it is `unknown`. */
  lost: z.array(z.string()).optional(),
  owner: z.string().optional(),
  steps: stepsSchema.optional(),
  confirmation: confirmationSchema.optional(),
  disposition: dispositionSchema.optional(),
  /** A guard's proposed disposition of a severity 1-2 alarm, waiting for the shift leader. */
  proposal: dispositionSchema.optional(),
  /** The disposed alarm this one follows. */
  previous: z.uuid().optional(),
  media: z.array(mediaSchema).optional(),
  /** Of each camera that was asked for a picture, what became of it. */
  evidence: z.array(evidenceSchema).optional(),
  /** Since this version only media came: who has seen it has seen what there is to act upon. */
  sameSince: z.number().int().positive().optional(),
  /** By recipient; derived from receipts, not from transitions. */
  delivery: z.record(z.string(), deliverySchema).optional(),
  /** The first raising event's id. A receipt must cover it, and later triggers, for the alarm to count as delivered. */
  raisedBy: z.string(),
  /** Its sequence number in the lane of `type`. */
  raisedSeq: z.number().int().positive().optional(),
  /** The same of the last trigger that counted, once there was another: `delivery` is of this one. */
  repeatedSeq: z.number().int().positive().optional(),
  /** Shown from memory; not on disk yet. */
  unsaved: z.boolean().optional(),
});
export type Alarm = z.infer<typeof alarmSchema>;

export const roleSchema = z.enum([
  'guard',
  'shift-leader',
  'installer',
  'administrator',
  'security-administrator',
  'auditor',
  'kiosk',
  'system',
]);
/** `system` acts for devices, timers and the gateway itself; nobody signs in with it. */
export type Role = z.infer<typeof roleSchema>;
/** Roles of people. */
export const signInRoleSchema = roleSchema.exclude(['system']);

/** What a person can do to an alarm (path segment of the API). */
export const alarmActionSchema = z.enum([
  'silence',
  'acknowledge',
  'confirm',
  'dispatch',
  'arrive',
  'dispose',
  'reset',
  'close',
  'shelve',
  'unshelve',
  'isolate',
  'restore',
  'make-real',
]);
export type AlarmAction = z.infer<typeof alarmActionSchema>;

/** Everything that changes an alarm: people's actions, and what devices, timers and the gateway do. */
export const transitionActionSchema = z.enum([
  ...alarmActionSchema.options,
  'raise',
  'repeat',
  'ease',
  'return',
  'lose',
  'propose',
  'escalate',
  'overdue',
  'chatter',
  'calm',
  'attach',
]);
export type TransitionAction = z.infer<typeof transitionActionSchema>;

const axesSchema = z.object({
  condition: conditionSchema,
  operator: operatorStateSchema,
  latched: z.boolean(),
});

/** `data` of an `ALM.TRANSITION` event: one change of one alarm, with the alarm as it is after it. */
export const transitionSchema = z.object({
  alarmId: z.uuid(),
  version: z.number().int().positive(),
  action: transitionActionSchema,
  /** User name, or `device:{id}`, `timer`, `gateway`. */
  actor: z.string(),
  role: roleSchema,
  /** Where the person sat; `gateway` for the system. */
  station: z.string(),
  second: z.string().optional(),
  from: axesSchema.optional(),
  to: axesSchema,
  reason: z.string().optional(),
  note: z.string().optional(),
  /** Without `delivery`, `unsaved`: those are views, not history. */
  alarm: alarmSchema,
});
export type Transition = z.infer<typeof transitionSchema>;

/** Body of `POST /api/v1/alarms/{id}/{action}`. */
export const alarmActionRequestSchema = z.strictObject({
  version: z.number().int().positive(),
  /** Where the person sits; only needed, and only counts, when the session has no station. */
  station: z.string().min(1).max(64).optional(),
  reason: writtenTextSchema.max(500).optional(),
  note: writtenTextSchema.max(2000).optional(),
  /** confirm */
  how: confirmationSchema.shape.how.optional(),
  /** dispose */
  verdict: verdictSchema.optional(),
  policeCode: z.string().optional(),
  /** silence (at most 30 s), shelve (12 h), isolate (24 h) */
  until: instantSchema.optional(),
  /** shelve: who sees to the cause; default the person who shelves. */
  owner: writtenTextSchema.max(64).optional(),
  /** isolate: who looks after the place meanwhile, and how often. */
  patrol: writtenTextSchema.max(200).optional(),
  second: z
    .strictObject({ user: z.string(), password: z.string().optional(), code: z.string().optional() })
    .optional(),
});
export type AlarmActionRequest = z.infer<typeof alarmActionRequestSchema>;
