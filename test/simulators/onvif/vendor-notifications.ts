import type { Notification } from './types.ts';

const MOTION_SOURCE = {
  VideoSourceConfigurationToken: 'VideoSourceToken',
  VideoAnalyticsConfigurationToken: 'VideoAnalyticsToken',
  Rule: 'MyMotionDetectorRule',
};

/**
 * Notifications in the shapes that makers' devices are known to send (public captures in the tests of Home Assistant's
 * onvif-parsers and Kane610/axis, and integrations' issue threads): own namespaces, own item names, 1/0 for booleans,
 * a prefix on every step, a trailing `//.`, crossings as `Initialized`.
 */
export const VENDOR_NOTIFICATIONS = {
  hikvision: [
    {
      topic: 'tns1:Device/Trigger/tnshik:AlarmIn',
      operation: 'Changed',
      source: { AlarmInToken: 'AlarmIn_1' },
      data: { State: 'true' },
    },
    {
      topic: 'tns1:RuleEngine/FieldDetector/ObjectsInside',
      operation: 'Changed',
      source: {
        VideoSourceConfigurationToken: 'VideoSourceToken',
        VideoAnalyticsConfigurationToken: 'VideoAnalyticsToken',
        Rule: 'MyFieldDetector1',
      },
      key: { ObjectId: '0' },
      data: { IsInside: 'true' },
    },
  ],
  dahua: [
    {
      topic: 'tns1:RuleEngine/CellMotionDetector/Motion//.',
      operation: 'Changed',
      source: MOTION_SOURCE,
      data: { IsMotion: 'true' },
    },
    {
      topic: 'tns1:VideoSource/MotionAlarm',
      operation: 'Changed',
      source: { Source: '000' },
      data: { State: 'true' },
    },
  ],
  axis: [
    {
      topic: 'tns1:Device/tnsaxis:IO/VirtualInput',
      operation: 'Changed',
      source: { port: '1' },
      data: { active: '1' },
    },
    {
      topic: 'tns1:Device/tnsaxis:Sensor/PIR',
      operation: 'Changed',
      source: { sensor: '0' },
      data: { state: '1' },
    },
    {
      topic: 'tnsaxis:CameraApplicationPlatform/FenceGuard/Camera1ProfileANY',
      operation: 'Changed',
      source: {},
      data: { active: '1' },
    },
  ],
  uniview: [
    {
      topic: 'tns1:RuleEngine/LineDetector/Crossed',
      operation: 'Initialized',
      source: { ...MOTION_SOURCE, Rule: 'CrossLine' },
      data: { ObjectId: '1' },
    },
  ],
  tplink: [
    {
      topic: 'tns1:RuleEngine/CellMotionDetector/LineCross',
      operation: 'Initialized',
      source: { ...MOTION_SOURCE, Rule: 'MyLineCrossDetectorRule' },
      data: { IsLineCross: 'true' },
    },
    {
      topic: 'tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent',
      operation: 'Changed',
      source: { ...MOTION_SOURCE, Rule: 'MyTPSmartEventDetectorRule' },
      data: { IsVehicle: 'true' },
    },
    {
      topic: 'tns1:RuleEngine/PeopleDetector/People',
      operation: 'Changed',
      source: { ...MOTION_SOURCE, Rule: 'MyPeopleDetectorRule' },
      data: { IsPeople: 'true' },
    },
  ],
  reolink: [
    {
      topic: 'tns1:RuleEngine/MyRuleDetector/PeopleDetect',
      operation: 'Changed',
      source: { Source: '000' },
      data: { State: 'true' },
    },
    {
      topic: 'tns1:RuleEngine/MyRuleDetector/Visitor',
      operation: 'Changed',
      source: { Source: '000' },
      data: { State: 'true' },
    },
  ],
  hanwha: [
    {
      topic: 'tns1:Device/tns1:Trigger/tnssamsung:DigitalInput',
      operation: 'Changed',
      source: { Index: '0', AlarmInID: '1' },
      data: { Level: 'true' },
    },
    {
      topic: 'tns1:VideoAnalytics/tnssamsung:MotionDetection',
      operation: 'Changed',
      source: { VideoSourceToken: 'VideoSource-0' },
      data: { Motion: '1' },
    },
    {
      topic: 'tns1:AudioSource/tnssamsung:AudioDetection',
      operation: 'Changed',
      source: { AudioSourceToken: 'AudioSource-0' },
      data: { Audio: 'true', State: 'true' },
    },
  ],
  bosch: [
    {
      topic: 'tns1:VideoAnalytics/MotionAlarm',
      operation: 'Changed',
      source: { VideoSource: '1' },
      data: { State: 'active' },
    },
  ],
} as const satisfies Record<string, readonly Notification[]>;
