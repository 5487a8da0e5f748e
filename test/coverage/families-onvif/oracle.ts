/**
 * What each topic must become, judged from the specifications and the closed list of event types, not from a profile.
 * `TYPE`: a state, raised and cleared; `TYPE pulse`, `TYPE update`; `values`: see `values.ts`; `no news`: known and silent;
 * `nobody knows`: to be reported. A rule for a whole branch ends with `/*`; the longest that fits counts.
 */
export const oracle: ReadonlyMap<string, string> = new Map([
  // access: granted and denied is told each time; taken or not, asked and changed rights say nothing more
  ['tns1:AccessControl/AccessGranted/*', 'ACC.GRANT pulse'],
  ['tns1:AccessControl/Denied/*', 'ACC.DENY pulse'],
  ['tns1:AccessControl/Duress', 'EMG.DURESS pulse'],
  ['tns1:AccessControl/AccessTaken/*', 'no news'],
  ['tns1:AccessControl/AccessNotTaken/*', 'no news'],
  ['tns1:AccessControl/Request/*', 'no news'],
  ['tns1:AccessPoint/State/Enabled', 'ACC.MODE update'],
  ['tns1:AccessPoint/State/SecurityLevel', 'no news'],
  ['tns1:Credential/State/ApbViolation', 'values'],
  ['tns1:Credential/State/Enabled', 'no news'],
  // doors
  ['tns1:Door/State/*', 'values'],
  // the device
  ['tns1:Device/HardwareFailure/FanFailure', 'DEV.FAULT'],
  ['tns1:Device/HardwareFailure/PowerSupplyFailure', 'DEV.FAULT'],
  ['tns1:Device/HardwareFailure/StorageFailure', 'DEV.DISK_ERR'],
  ['tns1:Device/HardwareFailure/TemperatureCritical', 'DEV.TEMP'],
  ['tns1:Device/SecurityPolicy/AuthFailed', 'no news'],
  ['tns1:Device/Sensor/Temperature/*', 'DEV.TEMP pulse'],
  ['tns1:Device/Sensor/*', 'DEV.READING pulse'],
  ['tns1:Device/Trigger/DigitalInput', 'DEV.INPUT'],
  ['tns1:Device/Trigger/Relay', 'DEV.OUTPUT'],
  ['tns1:Monitoring/AreaOfOperation/OutsideCertifiedArea', 'DEV.FAULT'],
  ['tns1:Monitoring/AreaOfOperation/OutsideConfiguredArea', 'DEV.TAMPER'],
  ['tns1:Monitoring/BatteryCapacity', 'values'],
  ['tns1:Monitoring/*', 'no news'],
  ['tns1:RecordingConfig/JobState', 'values'],
  // the picture and the sound
  ['tns1:RuleEngine/CellMotionDetector/Motion', 'VID.MOTION'],
  ['tns1:RuleEngine/MotionRegionDetector/Motion', 'VID.MOTION'],
  ['tns1:VideoSource/MotionAlarm', 'VID.MOTION'],
  ['tns1:RuleEngine/FieldDetector/ObjectsInside', 'VID.INTRUDE'],
  ['tns1:RuleEngine/LineDetector/Crossed', 'VID.LINE pulse'],
  ['tns1:RuleEngine/LoiteringDetector/ObjectIsLoitering', 'values'],
  ['tns1:RuleEngine/TamperDetector/Tamper', 'VID.COVER'],
  ['tns1:RuleEngine/ObjectDetection/Object', 'values'],
  ['tns1:RuleEngine/CountAggregation/Counter', 'DEV.READING update'],
  ['tns1:RuleEngine/Recognition/Face', 'VID.FACE pulse'],
  ['tns1:VideoSource/GlobalSceneChange/*', 'VID.COVER'],
  ['tns1:VideoSource/ImageTooDark/*', 'VID.ABNORMAL'],
  ['tns1:VideoSource/ImageTooBright/*', 'VID.ABNORMAL'],
  ['tns1:VideoSource/ImageTooBlurry/*', 'VID.ABNORMAL'],
  ['tns1:VideoSource/ImpairedVisibility', 'VID.ABNORMAL'],
  ['tns1:VideoSource/SignalLoss', 'VID.LOSS'],
  ['tns1:VideoSource/RadiometryAlarm', 'LAB.TEMP pulse'],
  ['tns1:AudioAnalytics/Audio/DetectedSound', 'AUD.SOUND'],
  // the example of the core specification, of which nobody can say what it means
  ['tns1:RuleEngine', 'nobody knows'],
  // somebody administers it, or it does what it was told
  ['tns1:ActionEngine/*', 'no news'],
  ['tns1:Advancedsecurity/*', 'no news'],
  ['tns1:AppMgmt/*', 'no news'],
  ['tns1:Configuration/*', 'no news'],
  ['tns1:Media/*', 'no news'],
  ['tns1:PTZController/*', 'no news'],
  ['tns1:RecordingConfig/*', 'no news'],
  ['tns1:RecordingHistory/*', 'no news'],
  ['tns1:Resource/*', 'no news'],
  ['tns1:Schedule/*', 'no news'],
  ['tns1:VideoDecoder/*', 'no news'],
  ['tns1:VideoOutput/*', 'no news'],
]);

/** Undefined: the oracle does not know the topic. */
export function wantedOf(topic: string): string | undefined {
  const own = oracle.get(topic);
  if (own !== undefined) return own;
  const levels = topic.split('/');
  for (let n = levels.length - 1; n > 0; n--) {
    const branch = oracle.get(`${levels.slice(0, n).join('/')}/*`);
    if (branch !== undefined) return branch;
  }
  return undefined;
}
