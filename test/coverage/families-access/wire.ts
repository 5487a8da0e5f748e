import type { EventDraft } from '../../../contract/event.ts';
import { Bench, builtinProfile } from '../../device-profiles/helpers.ts';

/** What became of one code, as in the tables: `TYPE edge`, or undefined for a code that the profile does not know. */
export type Judge = (code: string) => string[] | undefined;

const dateTime = '2026-01-01T08:00:00+08:00';

/** A fresh device for each code: only what the code itself says is compared. */
function judge(profile: string, message: (code: string) => { topic: string; payload: unknown }): Judge {
  return (code) => {
    const { topic, payload } = message(code);
    const { status, drafts, unknown } = new Bench(builtinProfile(profile), topic).send(payload);
    if (unknown !== undefined || status === 'unmapped' || status === 'undecodable') return undefined;
    return drafts.map(({ type, edge }) => `${type} ${edge}`);
  };
}

export const hikvisionAccess = judge('hikvision.access', (code) => {
  const [majorEventType, subEventType] = code.split('.').map(Number);
  return {
    topic: 'hikvision/door/event',
    payload: {
      dateTime,
      eventType: 'AccessControllerEvent',
      eventState: 'active',
      AccessControllerEvent: { majorEventType, subEventType, doorNo: 1, serialNo: 7, currentEvent: true },
    },
  };
});

/** What an access controller uploads after its network was away. */
export function hikvisionLate(code: string): EventDraft[] {
  const [majorEventType, subEventType] = code.split('.').map(Number);
  const event = { majorEventType, subEventType, doorNo: 1, serialNo: 7, currentEvent: false };
  const payload = { dateTime, eventType: 'AccessControllerEvent', AccessControllerEvent: event };
  return new Bench(builtinProfile('hikvision.access'), 'hikvision/door/event').send(payload).drafts;
}

/** The same as XML turned into JSON: all values are text, in an envelope. */
export const hikvisionAccessXml = judge('hikvision.access', (code) => {
  const [majorEventType, subEventType] = code.split('.');
  return {
    topic: 'hikvision/door/event',
    payload: {
      EventNotificationAlert: {
        dateTime,
        eventType: 'AccessControllerEvent',
        eventState: 'active',
        AccessControllerEvent: {
          majorEventType,
          subEventType,
          doorNo: '1',
          serialNo: '7',
          currentEvent: 'true',
        },
      },
    },
  };
});

export const contactId = judge('hikvision.alarm-host', (code) => ({
  topic: 'hikvision/host/event',
  payload: {
    dateTime,
    eventType: 'cidEvent',
    eventState: 'active',
    CIDEvent: { standardCIDcode: Number(code), zone: 3 },
  },
}));

export const hikvisionEvents = judge('hikvision.camera', (code) => {
  const [eventType, eventState] = code.split('.');
  return {
    topic: 'hikvision/camera/event',
    payload: {
      dateTime,
      channelID: 1,
      activePostCount: eventState === 'active' ? 1 : 0,
      eventType,
      eventState,
    },
  };
});

export const doorbellTriggers = judge('hikvision.doorbell', (code) => ({
  topic: `hmd/device_automation/Front-door/${code}/state`,
  payload: '',
}));

export const dahuaVto = judge('dahua.vto', (code) => {
  const [event, Action] = code.split('.');
  return { topic: `DahuaVTO/${event}/Event`, payload: { Action, Data: { UTC: 1_767_225_600 } } };
});

export const dahuaEvents = judge('dahua.event', (code) => {
  const [Code, Action] = code.split('.');
  return { topic: 'dahua/nvr/event', payload: { Code, Action, Index: 0 } };
});

export const amcrestEvents = judge('dahua.event', (code) => {
  const [Code, action] = code.split('.');
  return { topic: 'amcrest2mqtt/AMC1/event', payload: { Code, action, index: '0', data: {} } };
});

function uhppoted(reason: unknown) {
  return {
    topic: 'uhppoted/gateway/events',
    payload: {
      message: {
        event: {
          'device-id': 405_419_896,
          'event-id': 1,
          'access-granted': true,
          'door-id': 1,
          timestamp: '2026-01-01 08:00:00',
          'event-reason': reason,
        },
      },
    },
  };
}

export const uhppotedReasons = judge('uhppoted.mqtt', (code) => uhppoted(Number(code)));
export const uhppotedReasonsNested = judge('uhppoted.mqtt', (code) =>
  uhppoted({ code: Number(code), description: '' }),
);

export const espRfidAccess = judge('esp-rfid.door', (code) => ({
  topic: 'esprfid/lab/send',
  payload: { type: 'access', time: 1_767_225_600, isKnown: 'true', access: code, username: 'N', uid: 'u' },
}));
