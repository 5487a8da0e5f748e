import { z } from 'zod';
import { factsOf } from '../../adapters/onvif/discovery-message.ts';
import type { DeviceReport } from '../../adapters/onvif/probe.ts';
import type { Verdict } from '../../adapters/onvif/trial.ts';
import type { FoundDevice, SearchView } from '../../registry/camera-search.ts';
import { isAccess } from '../../registry/found-device.ts';
import { trialText } from '../../registry/trial-text.ts';
import type { Language } from '../language.ts';

const namedSchema = z.object({ token: z.string(), name: z.string() });

const factsSchema = z.object({
  manufacturer: z.string(),
  model: z.string(),
  firmware: z.string(),
  serial: z.string(),
  macs: z.array(z.string()),
  pullPoint: z.boolean().optional().describe('It can tell what happens; absent: it does not say'),
  streams: z.array(
    namedSchema.extend({
      encoding: z.string(),
      width: z.number(),
      height: z.number(),
      fps: z.number(),
      url: z.string(),
    }),
  ),
  inputs: z.array(z.string()),
  relays: z.array(
    namedSchema.extend({
      mode: z.enum(['monostable', 'bistable']).optional(),
      delayMs: z.number().optional(),
    }),
  ),
  doors: z.array(namedSchema),
  accessPoints: z.array(namedSchema),
  presets: z.array(namedSchema),
});

export const foundSchema = z.object({
  id: z.string(),
  url: z.string().describe('Where it answers'),
  says: z.array(z.string()).describe('Where it says that it is'),
  via: z.enum(['multicast', 'unicast', 'http']),
  twin: z.string().optional().describe('Where another one answers under the same endpoint reference'),
  kind: z.enum(['camera', 'access']),
  name: z.string(),
  hardware: z.string(),
  location: z.string(),
  mac: z.string(),
  registered: z
    .object({ device: z.string(), is: z.enum(['here', 'moved', 'other']) })
    .optional()
    .describe('`other`: another unit answers at the address of that device'),
  trial: z
    .object({
      verdict: z.enum(Object.keys(trialText) as [Verdict, ...Verdict[]]),
      text: z.string(),
      detail: z.string().describe('What was met, and what the device said'),
      signIn: z.enum(['digest-only', 'token-only', 'either']).optional(),
      clockAheadMs: z.number().optional().describe('How far its clock is ahead of ours'),
      certificate: z
        .object({ sha256: z.string(), subject: z.string(), validFrom: z.string(), validTo: z.string() })
        .optional(),
    })
    .optional()
    .describe('Of the last look or trial; absent: not looked at yet'),
  facts: factsSchema.optional().describe('What it told when it took credentials'),
});

export const searchSchema = z.object({
  state: z.enum(['idle', 'running', 'done']),
  startedAt: z.string().optional(),
  counters: z.object({
    answers: z.number(),
    junk: z.number().describe('Datagrams that were no answers to our probes'),
    repeated: z.number(),
    others: z.number().describe('Answers of what is no ONVIF device'),
    leftOut: z.number().describe('Answers for which the list has no room: somebody floods the network'),
    asked: z.number().describe('Addresses asked so far, of `toAsk`'),
    toAsk: z.number(),
    deaf: z.number().describe('Interfaces on which nothing could be sent'),
  }),
  devices: z.array(foundSchema),
});

export function searchView(
  { state, startedAt, counters, devices }: SearchView,
  language: Language,
): z.infer<typeof searchSchema> {
  return {
    state,
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt).toISOString() }),
    counters: { ...counters },
    devices: devices.map((device) => foundView(device, language)),
  };
}

export function foundView(device: FoundDevice, language: Language): z.infer<typeof foundSchema> {
  const { id, url, says, via, twin, scopes, relation, trial } = device;
  const { name, hardware, location, mac } = factsOf(scopes);
  return {
    id,
    url,
    says: [...says],
    via,
    ...(twin === undefined ? {} : { twin }),
    kind: isAccess(device) || hasDoorsOnly(trial?.report) ? 'access' : 'camera',
    name,
    hardware,
    location,
    mac,
    ...(relation === undefined ? {} : { registered: relation }),
    ...(trial === undefined ? {} : { trial: trialView(trial, language) }),
    ...(trial?.report === undefined ? {} : { facts: factsView(trial.report) }),
  };
}

/** What was found over HTTP alone has not said what it is. */
function hasDoorsOnly(report: DeviceReport | undefined): boolean {
  return report !== undefined && report.streams.length === 0 && report.doors.length > 0;
}

function trialView(
  { verdict, detail, signIn, clockAheadMs, certificate }: NonNullable<FoundDevice['trial']>,
  language: Language,
): NonNullable<z.infer<typeof foundSchema>['trial']> {
  return {
    verdict,
    text: trialText[verdict][language],
    detail,
    ...(signIn === undefined ? {} : { signIn }),
    ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function factsView(report: DeviceReport): z.infer<typeof factsSchema> {
  const { manufacturer, model, firmware, serial, macs, pullPoint, streams, inputs } = report;
  const { relays, doors, accessPoints, presets } = report;
  return {
    manufacturer,
    model,
    firmware,
    serial,
    macs: [...macs],
    ...(pullPoint === undefined ? {} : { pullPoint }),
    streams: streams.map(({ token, name, encoding, width, height, fps, url }) => ({
      token,
      name,
      encoding,
      width,
      height,
      fps,
      url,
    })),
    inputs: [...inputs],
    relays: relays.map(({ token, name, mode, delayMs }) => ({
      token,
      name,
      ...(mode === undefined ? {} : { mode }),
      ...(delayMs === undefined ? {} : { delayMs }),
    })),
    doors: doors.map(named),
    accessPoints: accessPoints.map(named),
    presets: presets.map(named),
  };
}

function named({ token, name }: z.infer<typeof namedSchema>): z.infer<typeof namedSchema> {
  return { token, name };
}
