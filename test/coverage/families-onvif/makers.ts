/** A topic of one maker: how its messages look when something begins, and when it is over. */
export interface MakerTopic {
  maker: string;
  topic: string;
  source: Record<string, string>;
  key?: Record<string, string>;
  on: Record<string, string>;
  /** Undefined: it only happens. */
  off?: Record<string, string>;
  /** The type; `no news` for what is known and silent. */
  wanted: string;
}

const yes = { State: 'true' };
const no = { State: 'false' };
const rule = (Rule: string) => ({
  VideoSourceConfigurationToken: 'vsconf',
  VideoAnalyticsConfigurationToken: 'VideoAnalyticsToken',
  Rule,
});

function state(
  maker: string,
  topic: string,
  wanted: string,
  source: Record<string, string>,
  item?: string,
): MakerTopic {
  const [on, off] = item === undefined ? [yes, no] : [{ [item]: 'true' }, { [item]: 'false' }];
  return { maker, topic, wanted, source, on, off };
}

/** The forms of makers, from public parsers and reports of users. */
export const makers: readonly MakerTopic[] = [
  // Hikvision
  state('Hikvision', 'tns1:Device/Trigger/tnshik:AlarmIn', 'DEV.INPUT', { AlarmInToken: 'AlarmIn_1' }),
  state('Hikvision', 'tnshik:AlarmIn', 'DEV.INPUT', { AlarmInToken: 'AlarmIn_1' }),
  {
    ...state('Hikvision', 'tns1:VideoAnalytics/tnshik:MotionAlarm', 'VID.MOTION', {
      Source: 'vstoken_ch0001',
    }),
    on: { State: 'TRUE' },
    off: { State: 'FALSE' },
  },
  state('Hikvision', 'tns1:VideoAnalytics/tnshik:MaskAlarm', 'VID.COVER', { Source: 'v' }),
  state('Hikvision', 'tns1:UserAlarm/VideoCover', 'VID.COVER', { VideoSourceToken: 'v' }),
  state('Hikvision', 'tns1:UserAlarm/VideoLost', 'VID.LOSS', { VideoSourceToken: 'v' }),
  state('Hikvision', 'tns1:RuleEngine/FieldDetector/ObjectsInside', 'VID.INTRUDE', rule('Human'), 'IsInside'),
  {
    maker: 'Hikvision',
    topic: 'tns1:RuleEngine/LineDetector/Crossed',
    source: rule('MyLine'),
    on: { ObjectId: '15' },
    wanted: 'VID.LINE',
  },
  {
    maker: 'Hikvision',
    topic: 'tns1:RuleEngine/VehicleDetector/tnshik:Vehicle',
    source: rule('MyVehicleDetector'),
    on: { PlateNumber: 'PP7069' },
    wanted: 'no news',
  },
  {
    maker: 'Hikvision',
    topic: 'tns1:Device/tnshik:Network/EthernetBroken',
    source: {},
    on: {},
    wanted: 'DEV.FAULT',
  },
  {
    maker: 'Hikvision',
    topic: 'tns1:UserAlarm/tnshik:IllegalAccess',
    source: {},
    on: yes,
    wanted: 'no news',
  },
  // Dahua
  state('Dahua', 'tns1:VideoSource/MotionAlarm', 'VID.MOTION', { Source: '00000' }),
  state('Dahua', 'tns1:RuleEngine/LineDetector/Crossed', 'VID.LINE', rule('IVS-1')),
  state('Dahua', 'tns1:RuleEngine/FieldDetector/ObjectsInside', 'VID.INTRUDE', rule('IVS-2'), 'IsInside'),
  state('Dahua', 'tns1:Device/Trigger/DigitalInput', 'DEV.INPUT', { InputToken: '00000' }, 'LogicalState'),
  state('Dahua', 'tns1:UserAlarm/IVA/HumanShapeDetect', 'VID.PERSON', {
    VideoSourceConfigurationToken: 'VSC0',
  }),
  state('Dahua', 'tns1:VehicleAlarm/IVB/VehicleDetect', 'VID.MOTION', {
    VideoSourceConfigurationToken: 'VSC0',
  }),
  state('Dahua', 'tns1:AudioAnalytics/Audio/DetectedSound', 'AUD.SOUND', {
    AudioSourceConfigurationToken: '0',
  }),
  // Axis
  {
    ...state('Axis', 'tns1:Device/tnsaxis:IO/Port', 'DEV.INPUT', { port: '1' }),
    on: { state: '1' },
    off: { state: '0' },
  },
  {
    ...state('Axis', 'tns1:Device/tnsaxis:IO/VirtualInput', 'DEV.INPUT', { port: '1' }),
    on: { active: '1' },
    off: { active: '0' },
  },
  {
    ...state('Axis', 'tns1:Device/tnsaxis:IO/SupervisedPort', 'INT.LINE', { port: '2' }),
    on: { tampered: '1' },
    off: { tampered: '0' },
  },
  {
    ...state('Axis', 'tns1:VideoAnalytics/tnsaxis:MotionDetection', 'VID.MOTION', { window: '0' }),
    on: { motion: '1' },
    off: { motion: '0' },
  },
  {
    ...state('Axis', 'tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1', 'DEV.INPUT', {}),
    on: { active: '1' },
    off: { active: '0' },
  },
  ...Object.entries({
    FenceGuard: 'VID.LINE',
    LoiteringGuard: 'VID.LOITER',
    MotionGuard: 'VID.INTRUDE',
  }).map(([app, wanted]) => ({
    ...state('Axis', `tnsaxis:CameraApplicationPlatform/${app}/Camera1Profile1`, wanted, {}),
    on: { active: '1' },
    off: { active: '0' },
  })),
  {
    ...state('Axis', 'tns1:VideoSource/tnsaxis:Tampering', 'VID.COVER', { channel: '1' }),
    on: { tampering: '1' },
    off: { tampering: '0' },
  },
  {
    ...state('Axis', 'tns1:AudioSource/tnsaxis:TriggerLevel', 'AUD.SOUND', { channel: '1' }),
    on: { triggered: '1' },
    off: { triggered: '0' },
  },
  {
    ...state('Axis', 'tns1:Device/tnsaxis:Sensor/PIR', 'INT.AREA', { sensor: '0' }),
    on: { state: '1' },
    off: { state: '0' },
  },
  {
    ...state('Axis', 'tns1:Device/tnsaxis:Casing/Open', 'DEV.TAMPER', { Name: 'front' }),
    on: { Open: '1' },
    off: { Open: '0' },
  },
  {
    ...state('Axis', 'tnsaxis:Storage/Disruption', 'DEV.DISK_ERR', { disk_id: 'SD_DISK' }),
    on: { disruption: '1' },
    off: { disruption: '0' },
  },
  {
    maker: 'Axis',
    topic: 'tns1:VideoSource/tnsaxis:DayNightVision',
    source: {},
    on: { day: '1' },
    wanted: 'no news',
  },
  {
    maker: 'Axis',
    topic: 'tns1:VideoSource/tnsaxis:LiveStreamAccessed',
    source: {},
    on: { accessed: '1' },
    wanted: 'no news',
  },
  // Uniview: real crossings come as Initialized
  state('Uniview', 'tns1:RuleEngine/CellMotionDetector/Motion', 'VID.MOTION', rule('Motion'), 'IsMotion'),
  state('Uniview', 'tns1:RuleEngine/TamperDetector/Tamper', 'VID.COVER', rule('Tamper'), 'IsTamper'),
  {
    maker: 'Uniview',
    topic: 'tns1:RuleEngine/LineDetector/Crossed',
    source: rule('Line'),
    on: { ObjectId: '1' },
    wanted: 'VID.LINE',
  },
  // TP-Link Tapo and VIGI
  ...(
    [
      ['CellMotionDetector/Motion', 'IsMotion', 'VID.MOTION'],
      ['PeopleDetector/People', 'IsPeople', 'VID.PERSON'],
      ['CellMotionDetector/People', 'IsPeople', 'VID.PERSON'],
      ['IntrusionDetector/Intrusion', 'IsIntrusion', 'VID.INTRUDE'],
      ['CellMotionDetector/Intrusion', 'IsIntrusion', 'VID.INTRUDE'],
      ['LineCrossDetector/LineCross', 'IsLineCross', 'VID.LINE'],
      ['CellMotionDetector/LineCross', 'IsLineCross', 'VID.LINE'],
      ['TamperDetector/Tamper', 'IsTamper', 'VID.COVER'],
      ['CellMotionDetector/Tamper', 'IsTamper', 'VID.COVER'],
      ['TPSmartEventDetector/TPSmartEvent', 'IsVehicle', 'VID.MOTION'],
      ['TPSmartEventDetector/TPSmartEvent', 'IsPet', 'VID.MOTION'],
      ['TPSmartEventDetector/TPSmartEvent', 'IsPeople', 'VID.PERSON'],
      ['TPSmartEventDetector/TPSmartEvent', 'IsTPSmartEvent', 'VID.MOTION'],
      ['CellMotionDetector/TpSmartEvent', 'IsVehicle', 'VID.MOTION'],
    ] as const
  ).map(([topic, item, wanted]) =>
    state('TP-Link', `tns1:RuleEngine/${topic}`, wanted, rule('MyRule'), item),
  ),
  // Reolink
  ...Object.entries({
    PeopleDetect: 'VID.PERSON',
    FaceDetect: 'VID.FACE',
    VehicleDetect: 'VID.MOTION',
    DogCatDetect: 'VID.MOTION',
    Package: 'VID.MOTION',
    Visitor: 'DEV.INPUT',
  }).map(([name, wanted]) =>
    state('Reolink', `tns1:RuleEngine/MyRuleDetector/${name}`, wanted, { Source: '000' }),
  ),
  // Hanwha
  {
    ...state('Hanwha', 'tns1:VideoAnalytics/tnssamsung:MotionDetection', 'VID.MOTION', {
      VideoSourceToken: 'v',
    }),
    key: { ROIID: '0' },
    on: { Motion: '1' },
    off: { Motion: '0' },
  },
  {
    ...state('Hanwha', 'tns1:Device/Trigger/tnssamsung:DigitalInput', 'DEV.INPUT', {
      Index: '0',
      AlarmInID: '1',
    }),
    on: { Level: 'true' },
    off: { Level: 'false' },
  },
  ...Object.entries({
    'tns1:AudioSource/tnssamsung:AudioDetection': 'AUD.SOUND',
    'tnssamsung:IVA/Fire': 'VID.FIRE',
    'tnssamsung:IVA/Smoke': 'VID.FIRE',
    'tnssamsung:IVA/LoiteringDetection': 'VID.LOITER',
    'tnssamsung:IVA/LineCrossing': 'VID.LINE',
    'tnssamsung:IVA/AudioDetection': 'AUD.SOUND',
    'tnssamsung:IVA/FaceDetection': 'VID.FACE',
    'tns1:Device/Trigger/CallRequest': 'DEV.INPUT',
    'tns1:VideoAnalytics/Line/Crossed': 'VID.LINE',
    'tns1:VideoAnalytics/Field/Entered': 'VID.INTRUDE',
  }).map(([topic, wanted]) => state('Hanwha', topic, wanted, { VideoSourceToken: 'v' })),
  // Bosch
  state('Bosch', 'tns1:VideoAnalytics/MotionAlarm', 'VID.MOTION', { VideoSource: '1' }),
  state('Bosch', 'tns1:IVA/EnteringField/Eindringen_in_Feld_1', 'VID.INTRUDE', { Source: '1' }),
  state('Bosch', 'tns1:Device/Trigger/DigitalInput', 'DEV.INPUT', { InputToken: '1' }, 'LogicalState'),
  state('Bosch', 'tns1:VideoSource/GlobalSceneChange/ImagingService', 'VID.COVER', { Source: '1' }),
  state('Bosch', 'tns1:VideoSource/SignalLoss', 'VID.LOSS', { Source: '1' }),
  {
    maker: 'Bosch',
    topic: 'tns1:RuleEngine/LineDetector/Crossed',
    source: { VideoSource: '1', Rule: 'Line 1' },
    on: {},
    wanted: 'VID.LINE',
  },
];
