/** What an entity of a device class means, as a word of the proposal's `meanings`. */
export interface ClassMeaning {
  means: string;
  /** On is the good state: the alarm is off. */
  inverse?: true;
  /** What the installer should look at. */
  note?: string;
}

/** By `device_class` of a binary sensor, in which "on" is what Home Assistant documents for the class. */
const classes = new Map<string, ClassMeaning>([
  ['smoke', { means: 'smoke' }],
  ['gas', { means: 'gas' }],
  ['carbon_monoxide', { means: 'co' }],
  ['moisture', { means: 'water' }],
  ['door', { means: 'door-state' }],
  ['garage_door', { means: 'door-state' }],
  ['window', { means: 'door-state' }],
  ['opening', { means: 'door-state' }],
  ['motion', { means: 'motion' }],
  ['moving', { means: 'motion' }],
  ['occupancy', { means: 'motion' }],
  ['presence', { means: 'motion' }],
  ['vibration', { means: 'vibration' }],
  ['tamper', { means: 'tamper' }],
  ['problem', { means: 'fault' }],
  ['battery', { means: 'battery' }],
  ['sound', { means: 'sound' }],
  ['safety', { means: '24h', note: 'class "safety" only says unsafe: name what it watches' }],
  ['connectivity', { means: 'offline', inverse: true }],
  ['power', { means: 'mains', inverse: true, note: 'class "power": taken as the mains; on is present' }],
]);

/** Meanings that alarm at once and are therefore never proposed for a class that only might mean them. */
export function meaningOfClass(deviceClass: unknown): ClassMeaning {
  const known = typeof deviceClass === 'string' ? classes.get(deviceClass) : undefined;
  if (known !== undefined) return known;
  const what =
    typeof deviceClass === 'string' ? `class ${JSON.stringify(deviceClass.slice(0, 40))}` : 'no class';
  return { means: 'none', note: `${what}: recorded as an input of no use; give it a meaning if it has one` };
}

/** Words that an input of a proposal may mean. */
export const meanings = {
  none: 'DEV.INPUT',
  panic: 'EMG.PANIC',
  medical: 'EMG.MEDICAL',
  bully: 'EMG.BULLY',
  intercom: 'EMG.INTERCOM',
  smoke: 'FIR.SMOKE',
  heat: 'FIR.HEAT',
  'call-point': 'FIR.MCP',
  'fire-panel': 'FIR.PANEL',
  'fire-door': 'FIR.DOOR',
  gas: 'GAS.COMBUSTIBLE',
  co: 'GAS.CO',
  toxic: 'GAS.TOXIC',
  water: 'ENV.WATER',
  door: 'INT.DOOR',
  'door-state': 'ACC.DOOR',
  motion: 'INT.AREA',
  glass: 'INT.GLASS',
  vibration: 'INT.PERIM',
  fence: 'INT.FENCE',
  '24h': 'INT.24H',
  tamper: 'DEV.TAMPER',
  battery: 'DEV.BATT',
  mains: 'ENV.POWER',
  fault: 'DEV.FAULT',
  offline: 'DEV.OFFLINE',
  sound: 'AUD.SOUND',
  output: 'DEV.OUTPUT',
} as const;
