/**
 * What a code must become, as `TYPE edge`; `known` for a code that says nothing. Several may come of one code.
 * Written from the makers' lists and not from the profiles: that is what makes the comparison worth something.
 */
export type Expected = ReadonlyMap<string, readonly string[]>;

function table(groups: Record<string, readonly string[]>): Expected {
  const all = new Map<string, readonly string[]>();
  for (const [what, codes] of Object.entries(groups)) {
    for (const code of codes) {
      if (all.has(code)) throw new Error(`code ${code} is there twice`);
      all.set(code, what === 'known' ? [] : what.split(' + '));
    }
  }
  return all;
}

/** `major:minor`, both in hexadecimal as the guide writes them. */
function acs(major: number, ...minors: number[]): string[] {
  return minors.map((minor) => `${major}.${minor}`);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Hikvision, Device Network SDK (Card-Based Access Control), appendix "Access Control Event Types". */
export const hikvisionAccess = table({
  'INT.LINE raise': acs(1, 0x400, 0x401, 0x402),
  'INT.LINE clear': acs(1, 0x403),
  'DEV.TAMPER raise': acs(1, 0x404, 0x406, 0x40f, 0x41e, 0x422),
  'DEV.TAMPER clear': acs(1, 0x405, 0x407, 0x410, 0x41f, 0x423),
  'EMG.DURESS pulse': acs(1, 0x40a),
  'DEV.DISK_FULL pulse': acs(1, 0x40b, 0x40d, 0x442),
  'ACC.DENY_N pulse': acs(1, 0x40c),
  'FIR.FAULT raise': acs(1, 0x415, 0x416),
  'FIR.FAULT clear': acs(1, 0x417),
  'FIR.MCP raise': acs(1, 0x418),
  'FIR.MCP clear': acs(1, 0x419),
  'EMG.PANIC pulse': acs(1, 0x41c),
  'FIR.PANEL raise': acs(1, 0x424),
  'FIR.PANEL clear': acs(1, 0x425),
  'DEV.INPUT raise': acs(1, 0x408),
  'DEV.INPUT clear': acs(1, 0x409),
  'DEV.INPUT pulse': [...acs(1, 0x41a), ...acs(5, 0x25, 0x33)],
  'DEV.FAULT raise': acs(
    2,
    ...[
      0x3a, 0x409, 0x40d, 0x40f, 0x413, 0x415, 0x417, 0x419, 0x41c, 0x41d, 0x41f, 0x421, 0x423, 0x427, 0x42a,
    ],
    ...[0x42d, 0x430, 0x432, 0x434, 0x437, 0x439, 0x43c, 0x43e, 0x440, 0x44e],
  ),
  'DEV.FAULT clear': acs(
    2,
    ...[
      0x3b, 0x40a, 0x40e, 0x410, 0x414, 0x416, 0x418, 0x41a, 0x41b, 0x41e, 0x420, 0x422, 0x424, 0x426, 0x42b,
    ],
    ...[0x42e, 0x431, 0x433, 0x435, 0x436, 0x438, 0x43d, 0x43f, 0x441, 0x44d],
  ),
  'DEV.FAULT pulse': [
    ...acs(1, 0x440),
    ...acs(2, 0x27, 0x402, 0x425, 0x42c),
    ...acs(5, 0xad, 0xae, 0xb0, 0xb2),
  ],
  'DEV.ONLINE pulse': acs(2, 0x400),
  'DEV.MAINS pulse': acs(2, 0x401),
  'DEV.BATT raise': acs(2, 0x403, 0x411),
  'DEV.BATT clear': acs(2, 0x404, 0x412),
  'DEV.MAINS raise': acs(2, 0x405),
  'DEV.MAINS clear': acs(2, 0x406),
  'DEV.DISK_ERR pulse': acs(2, 0x408),
  'SYS.LOGIN_FAIL pulse': acs(2, 0x428),
  'DEV.TEMP pulse': acs(2, 0x42f),
  'DEV.OUTPUT raise': [...acs(3, 0xd6), ...acs(5, 0x1d)],
  'DEV.OUTPUT clear': [...acs(3, 0xd7), ...acs(5, 0x1e)],
  'ACC.REMOTE pulse': acs(3, 0x400, 0x41d),
  'ACC.MODE pulse': [
    ...acs(3, 0x401, 0x402, 0x403, 0x41c, 0x41e),
    ...acs(5, 0x11, 0x12, 0x13, 0x14, 0x1f, 0x20),
  ],
  'ARM.SET pulse': acs(3, 0x408, 0x419),
  'ARM.UNSET pulse': acs(3, 0x409, 0x41a),
  'ACC.GRANT pulse': acs(
    5,
    ...[0x01, 0x02, 0x10, 0x17, 0x22, 0x26, 0x28, 0x2b, 0x2e, 0x45, 0x48, 0x4b, 0x4d, 0x65, 0x69, 0x99, 0x9f],
    ...[0xb3, 0xb5],
  ),
  'ACC.DENY pulse': acs(
    5,
    ...[0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x24, 0x27, 0x29, 0x2a, 0x2c],
    ...[0x2d, 0x2f, 0x30, 0x31, 0x46, 0x47, 0x49, 0x4a, 0x4c, 0x4e, 0x4f, 0x50, 0x5e, 0x66, 0x67, 0x68, 0x70],
    ...[0x71, 0x73, 0x75, 0x76, 0x77, 0x78, 0x82, 0x84, 0x8b, 0x97, 0x98, 0x9a, 0x9b, 0xa0, 0xa2, 0xa3, 0xa4],
    ...[0xa8, 0xa9, 0xaa, 0xab, 0xb4],
  ),
  'ACC.APB pulse': acs(5, 0x0a, 0x85, 0x86),
  'ACC.DOOR raise + ACC.FORCED clear + ACC.HELD clear': acs(5, 0x19),
  'ACC.DOOR clear + ACC.FORCED clear + ACC.HELD clear': acs(5, 0x1a),
  'ACC.FORCED raise': acs(5, 0x1b),
  'ACC.HELD raise': acs(5, 0x1c),
  'FIR.PANEL raise + ACC.FIRE_REL raise': acs(5, 0x34),
  'FIR.PANEL clear + ACC.FIRE_REL clear': acs(5, 0x35),
  'ACC.LOCK pulse': acs(5, 0x53, 0x54, 0x55, 0x5c, 0x5d),
  'INT.LINE pulse': acs(5, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b),
  'ACC.FORCED pulse': acs(5, 0x87),
  'VID.CLIMB pulse': acs(5, 0x88),
  'INT.AREA pulse': acs(5, 0x8a),
  'ACC.LOCK raise': acs(5, 0x8c),
  'ACC.LOCK clear': acs(5, 0x8d),
  'VID.FLOW pulse': acs(5, 0xc1),
  known: [
    ...acs(1, 0x40e, 0x41b, 0x41d),
    ...acs(2, 0x407, 0x40b, 0x40c, 0x429),
    ...acs(3, 0x50, 0x51, 0x5a, 0x70, 0x71, 0x79, 0x7a, 0x7b, 0x7e, 0x86, 0x87, ...range(0x404, 0x407)),
    ...acs(3, ...range(0x40a, 0x418), 0x41b, ...range(0x41f, 0x423), 0x42d, 0x42e),
    ...acs(
      5,
      0x15,
      0x16,
      0x18,
      0x21,
      0x23,
      0x32,
      0x51,
      0x52,
      ...range(0x5f, 0x64),
      0x72,
      0x89,
      0xac,
      0xaf,
      0xb1,
    ),
  ],
});

/** UHPPOTE UT0311-L0x, reasons as in uhppoted-lib's dictionary. */
export const uhppotedReasons = table({
  'ACC.DENY pulse': ['5', '6', '7', '9', '10', '11', '12', '13', '15', '18', '31', '32', '33'],
  'ACC.APB pulse': ['8'],
  'ACC.GRANT pulse': ['1', '20', '25'],
  'ACC.DOOR raise + ACC.FORCED clear + ACC.HELD clear': ['23'],
  'ACC.DOOR clear + ACC.FORCED clear + ACC.HELD clear': ['24'],
  'DEV.ONLINE pulse': ['28', '29'],
  'EMG.DURESS pulse': ['34'],
  'ACC.HELD raise': ['37'],
  'ACC.FORCED raise': ['38'],
  'FIR.PANEL pulse': ['39'],
  'ACC.MODE pulse': ['40'],
  'INT.24H pulse': ['41', '42'],
  'EMG.PANIC pulse': ['43'],
  'ACC.REMOTE pulse': ['44', '45'],
});

/** Contact ID (SIA DC-05), events of an alarm host that concern a campus: 1 is new, 3 is over. */
export const contactId = table({
  'EMG.MEDICAL pulse': ['1100'],
  'EMG.PANIC pulse': ['1101', '1120', '1123'],
  'EMG.DURESS pulse': ['1121', '1124', '1125'],
  'EMG.SILENT pulse': ['1122', '1126'],
  'FIR.PANEL raise': ['1110'],
  'FIR.PANEL clear': ['3110'],
  'FIR.SMOKE raise': ['1111', '1116'],
  'FIR.SMOKE clear': ['3111', '3116'],
  'FIR.FLAME raise': ['1112', '1117'],
  'FIR.FLOW raise': ['1113'],
  'FIR.HEAT raise': ['1114'],
  'FIR.MCP raise': ['1115'],
  'FIR.MCP clear': ['3115'],
  'FIR.PREALARM raise': ['1118'],
  'INT.AREA raise': ['1130', '1132', '1135', '1138', '1139', '1146'],
  'INT.AREA clear': ['3130', '3132'],
  'INT.PERIM raise': ['1131', '1136'],
  'INT.24H raise': ['1133', '1140', '1150'],
  'INT.DOOR raise': ['1134'],
  'INT.DOOR clear': ['3134'],
  'DEV.TAMPER raise': ['1137', '1144', '1145', '1341', '1383'],
  'DEV.TAMPER clear': ['3137', '3144', '3145', '3341', '3383'],
  'INT.LINE raise': ['1141', '1142', '1331', '1332', '1370', '1371', '1372', '1375', '1376'],
  'INT.LINE clear': ['3141', '3371', '3372'],
  'GAS.COMBUSTIBLE raise': ['1151'],
  'GAS.COMBUSTIBLE clear': ['3151'],
  'GAS.CO raise': ['1162'],
  'GAS.CO clear': ['3162'],
  'ENV.WATER raise': ['1154'],
  'LAB.TEMP raise': ['1153', '1158', '1159'],
  'KIT.TEMP raise': ['1152'],
  'FIR.SUPERV raise': ['1200', '1202', '1203'],
  'FIR.WATER_P raise': ['1163', '1201', '1204'],
  'FIR.FAULT raise': ['1206', '1373', '1385', '1386'],
  'FIR.FAULT clear': ['3373'],
  'FIR.LINKAGE pulse': ['1205'],
  'DEV.FAULT raise': ['1143', '1147', '1300', '1310', '1320', '1330', '1333', '1350', '1354', '1380', '1393'],
  'DEV.MAINS raise': ['1301', '1342'],
  'DEV.MAINS clear': ['3301'],
  'DEV.BATT raise': ['1302', '1309', '1311', '1338', '1384'],
  'DEV.BATT clear': ['3302', '3384'],
  'DEV.JAM raise': ['1344'],
  'DEV.OFFLINE raise': ['1381', '1382'],
  'DEV.OFFLINE clear': ['3381', '3382'],
  'ARM.SET pulse': ['3400', '3401', '3403', '3407', '3408', '3409'],
  'ARM.UNSET pulse': ['1400', '1401', '1403', '1407', '1408', '1409', '1441'],
  'ARM.STAY pulse': ['3441', '3456'],
  'ARM.FAIL pulse': ['1374', '1454', '1455'],
  'ACC.DENY pulse': ['1421', '1424'],
  'ACC.GRANT pulse': ['1422'],
  'ACC.FORCED raise': ['1423'],
  'ACC.HELD raise': ['1426'],
  'ACC.DENY_N pulse': ['1461'],
  'ARM.BYPASS raise': ['1570', '1572', '1573', '1574'],
  'ARM.BYPASS clear': ['3570', '3573'],
  'FIR.SHIELD raise': ['1571'],
  'TST.PERIODIC pulse': ['1601', '1602'],
  'TST.WALK raise': ['1607'],
  'TST.WALK clear': ['3607'],
  known: ['3100', '3120', '3121', '3122', '1306', '1406', '1611', '1621', '1625', '1627', '1628'],
});

/** Hikvision, event types of ISAPI: `type.state`, the first post of an event. */
export const hikvisionEvents = table({
  'VID.MOTION raise': ['VMD.active'],
  'VID.MOTION clear': ['VMD.inactive'],
  'INT.AREA raise': ['PIR.active'],
  'VID.LINE pulse': ['linedetection.active'],
  'VID.INTRUDE pulse': ['fielddetection.active', 'regionEntrance.active'],
  'VID.INTRUDE clear': ['fielddetection.inactive'],
  'VID.PERSON pulse': ['regionExiting.active'],
  'VID.LOITER pulse': ['loitering.active'],
  'VID.CROWD pulse': ['group.active', 'personDensityDetection.active'],
  'VID.FAST pulse': ['rapidMove.active'],
  'VID.FIGHT pulse': ['violentMotion.active'],
  'VID.FALL pulse': ['fallDown.active'],
  'VID.CLIMB pulse': ['reachHeight.active'],
  'VID.LEFT pulse': ['unattendedBaggage.active'],
  'VID.REMOVED pulse': ['attendedBaggage.active'],
  'VEH.BLOCK pulse': ['parking.active'],
  'VID.FACE pulse': ['facedetection.active', 'faceSnap.active'],
  'AUD.SOUND pulse': ['audioexception.active', 'AudioException.active'],
  'VID.FIRE pulse': ['fireDetection.active', 'smokeDetection.active'],
  'VID.COVER raise': ['shelteralarm.active', 'tamperdetection.active'],
  'VID.COVER clear': ['shelteralarm.inactive', 'tamperdetection.inactive'],
  'VID.COVER pulse': ['scenechangedetection.active'],
  'VID.ABNORMAL pulse': ['defocus.active'],
  'VID.ABNORMAL raise': ['badvideo.active', 'videomismatch.active'],
  'VID.LOSS raise': ['videoloss.active'],
  'VID.LOSS clear': ['videoloss.inactive'],
  'DEV.DISK_FULL raise': ['diskfull.active'],
  'DEV.DISK_FULL clear': ['diskfull.inactive'],
  'DEV.DISK_ERR raise': ['diskerror.active', 'raidfailure.active'],
  'DEV.FAULT raise': [
    'nicbroken.active',
    'ipconflict.active',
    'fanfailure.active',
    'recordingfailure.active',
  ],
  'DEV.TEMP raise': ['overheat.active'],
  'SYS.LOGIN_FAIL pulse': ['illaccess.active', 'illAccess.active'],
  known: ['heartBeat.active', 'ANPR.active', 'counting.active'],
});

/** Dahua, codes of the event manager: `code.action`. */
export const dahuaEvents = table({
  'VID.MOTION raise': ['VideoMotion.Start', 'SmartMotionVehicle.Start'],
  'VID.MOTION clear': ['VideoMotion.Stop'],
  'VID.PERSON raise': ['SmartMotionHuman.Start'],
  'VID.PERSON clear': ['SmartMotionHuman.Stop'],
  'VID.LINE pulse': ['CrossLineDetection.Start', 'CrossLineDetection.Pulse'],
  'VID.INTRUDE pulse': ['CrossRegionDetection.Start'],
  'VID.LEFT pulse': ['LeftDetection.Start'],
  'VID.REMOVED pulse': ['TakenAwayDetection.Start'],
  'VID.LOITER pulse': ['WanderDetection.Start'],
  'VID.CROWD pulse': ['RioterDetection.Start', 'CrowdDetection.Start'],
  'VID.FAST pulse': ['MoveDetection.Start'],
  'VID.FIGHT pulse': ['FightDetection.Start'],
  'VEH.BLOCK pulse': ['ParkingDetection.Start'],
  'VID.FACE pulse': ['FaceDetection.Start'],
  'VID.COVER raise': ['VideoBlind.Start', 'SceneChange.Start'],
  'VID.COVER clear': ['VideoBlind.Stop'],
  'VID.LOSS raise': ['VideoLoss.Start'],
  'VID.LOSS clear': ['VideoLoss.Stop'],
  'VID.ABNORMAL raise': ['VideoAbnormalDetection.Start', 'VideoUnFocus.Start'],
  'AUD.SOUND pulse': ['AudioMutation.Start', 'AudioAnomaly.Start'],
  'DEV.DISK_ERR raise': ['StorageNotExist.Start', 'StorageFailure.Start'],
  'DEV.DISK_ERR clear': ['StorageFailure.Stop'],
  'DEV.DISK_FULL raise': ['StorageLowSpace.Start'],
  'DEV.FAULT raise': ['NetAbort.Start', 'IPConflict.Start', 'MACConflict.Start'],
  'SYS.LOGIN_FAIL pulse': ['LoginFailure.Start'],
  'VID.FIRE pulse': ['FireWarning.Start', 'SmokeDetection.Start'],
  'EMG.DURESS pulse': ['Duress.Start', 'Duress.Pulse'],
  'ACC.FORCED pulse': ['BreakIn.Start'],
  'ACC.APB pulse': ['RepeatEnter.Pulse'],
  'ACC.HELD raise': ['DoorNotClosed.Start'],
  'ACC.HELD clear': ['DoorNotClosed.Stop'],
  'EMG.PANIC pulse': ['UrgencyAlarm.Start'],
  known: [
    'CrossLineDetection.Stop',
    'TimeChange.Pulse',
    'NTPAdjustTime.Pulse',
    'NewFile.Pulse',
    'BackKeyLight.Pulse',
  ],
});

/** Triggers of the Hikvision Doorbell add-on, as they stand in its topics. */
export const doorbellTriggers = table({
  'EMG.PANIC pulse': ['sos', 'toilet_alarm'],
  'EMG.DURESS pulse': ['hijacking_alarm', 'smart_lock_fingerprint_alarm', 'smart_lock_password_alarm'],
  'DEV.TAMPER pulse': ['tampering_alarm', 'access_control_tampering_alarm'],
  'ACC.FORCED pulse': ['smart_lock_door_prying_alarm', 'door-open-by-external-force'],
  'ACC.HELD pulse': ['door_not_closed_0', 'door_not_closed_1'],
  'ACC.LOCK pulse': ['door_not_open_0', 'door_not_open_1', 'smart_lock_door_lock_alarm'],
  'ACC.DENY_N pulse': ['multiple_passwords_unlock_failure'],
  'ACC.DENY pulse': ['illegal_card_swiping_event', 'smart_lock_blacklist_alarm'],
  'FIR.PANEL raise': ['fire_input_alarm'],
  'FIR.PANEL clear': ['fire_input_restored'],
  'DEV.BATT pulse': ['smart_lock_low_battery_alarm'],
  'DEV.OFFLINE pulse': ['smart_lock_disconnected'],
  'ACC.GRANT pulse': ['Door-unlocked'],
  'VID.MOTION pulse': ['motion_detection'],
  known: [
    'sos_cancelled',
    'toilet_alarm_cancelled',
    'authentication_log',
    'magnetic-door-status',
    'intercom',
  ],
});

/** esp-rfid: what `access` may hold. */
export const espRfidAccess = table({
  'ACC.GRANT pulse': ['Always', 'Admin'],
  'ACC.DENY pulse': ['Expired', 'Disabled', 'Denied', 'Wrong pin code'],
});
