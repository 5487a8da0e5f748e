import type { Said } from './wire.ts';

/** A message and what it must become, on a device of its own: `TYPE edge`, sorted; undefined: reported as unmapped. */
export type Case = [said: Said, wanted: string[] | undefined];

const door = { DoorToken: 'd' };
const camera = { VideoSourceToken: 'v', Rule: 'r' };

function doorState(state: string, values: Record<string, string[]>): Case[] {
  return [...Object.entries(values), ['Sideways', undefined] as const].map(([State, wanted]) => [
    { topic: `tns1:Door/State/${state}`, source: door, data: { State } },
    wanted,
  ]);
}

/** Topics whose values are no yes and no: every value of the specifications, and one of none. */
export const values: readonly Case[] = [
  ...doorState('DoorAlarm', {
    Normal: ['ACC.FORCED clear', 'ACC.HELD clear'],
    DoorForcedOpen: ['ACC.FORCED raise'],
    DoorOpenTooLong: ['ACC.HELD raise'],
  }),
  ...doorState('DoorTamper', {
    Unknown: [],
    NotInTamper: ['DEV.TAMPER clear'],
    TamperDetected: ['DEV.TAMPER raise'],
  }),
  ...doorState('DoorFault', {
    Unknown: [],
    NotInFault: ['DEV.FAULT clear'],
    FaultDetected: ['DEV.FAULT raise'],
  }),
  ...doorState('DoorPhysicalState', {
    Unknown: [],
    Open: ['ACC.DOOR raise', 'ACC.LOCK clear'],
    Closed: ['ACC.DOOR clear', 'ACC.LOCK clear'],
    Fault: ['ACC.LOCK raise'],
  }),
  ...['LockPhysicalState', 'DoubleLockPhysicalState'].flatMap((state) =>
    doorState(state, {
      Unknown: [],
      Locked: ['ACC.LOCK clear'],
      Unlocked: ['ACC.LOCK clear'],
      Fault: ['ACC.LOCK raise'],
    }),
  ),
  ...doorState('DoorMode', {
    Unknown: [],
    Accessed: [],
    ...Object.fromEntries(
      ['Locked', 'Unlocked', 'Blocked', 'LockedDown', 'LockedOpen', 'DoubleLocked'].map((mode) => [
        mode,
        ['ACC.MODE update'],
      ]),
    ),
  }),
  ...['true', '1'].map(
    (ApbViolation): Case => [
      { topic: 'tns1:Credential/State/ApbViolation', operation: '', data: { ApbViolation } },
      ['ACC.APB pulse'],
    ],
  ),
  [{ topic: 'tns1:Credential/State/ApbViolation', operation: '', data: { ApbViolation: 'false' } }, []],
  [{ topic: 'tns1:Credential/State/ApbViolation', operation: '', data: {} }, undefined],
  [
    { topic: 'tns1:Monitoring/BatteryCapacity', data: { PercentageRemainingCapacity: '9.5' } },
    ['DEV.BATT raise'],
  ],
  [{ topic: 'tns1:Monitoring/BatteryCapacity', data: { PercentageRemainingCapacity: '22' } }, []],
  [
    { topic: 'tns1:Monitoring/BatteryCapacity', data: { PercentageRemainingCapacity: '90' } },
    ['DEV.BATT clear'],
  ],
  [{ topic: 'tns1:Monitoring/BatteryCapacity', data: { PercentageRemainingCapacity: 'lots' } }, undefined],
  [{ topic: 'tns1:RecordingConfig/JobState', data: { State: 'Error' } }, ['DEV.FAULT raise']],
  [{ topic: 'tns1:RecordingConfig/JobState', data: { State: 'Active' } }, ['DEV.FAULT clear']],
  [{ topic: 'tns1:RecordingConfig/JobState', data: { State: 'Singing' } }, undefined],
  [
    {
      topic: 'tns1:RuleEngine/LoiteringDetector/ObjectIsLoitering',
      source: camera,
      data: { Since: '2026-01-01T00:00:00Z' },
    },
    ['VID.LOITER raise'],
  ],
  ...Object.entries({
    Human: ['VID.PERSON raise'],
    'Vehicle Human': ['VID.PERSON raise'],
    'Human Face': ['VID.PERSON raise'],
    Person: ['VID.PERSON raise'],
    Vehicle: ['VID.PERSON clear'],
    '': ['VID.PERSON clear'],
    Humanoid: undefined,
  }).map(
    ([ClassTypes, wanted]): Case => [
      { topic: 'tns1:RuleEngine/ObjectDetection/Object', source: camera, data: { ClassTypes } },
      wanted,
    ],
  ),
];

/** Reasons of a denial, and what each must become. A reason of a maker counts as Other. */
export const reasons: Readonly<Record<string, [type: string, reason: string]>> = {
  CredentialNotEnabled: ['ACC.DENY', 'CredentialNotEnabled'],
  CredentialNotActive: ['ACC.DENY', 'CredentialNotActive'],
  CredentialExpired: ['ACC.DENY', 'CredentialExpired'],
  InvalidPIN: ['ACC.DENY', 'InvalidPIN'],
  NotPermittedAtThisTime: ['ACC.DENY', 'NotPermittedAtThisTime'],
  Unauthorized: ['ACC.DENY', 'Unauthorized'],
  Other: ['ACC.DENY', 'Other'],
  AntiPassbackViolation: ['ACC.APB', 'AntiPassbackViolation'],
  'tnsacme:OnFire': ['ACC.DENY', 'Other'],
  '': ['ACC.DENY', 'Other'],
};
