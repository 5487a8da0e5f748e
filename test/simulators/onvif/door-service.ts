import type { Door, DoorMode } from './doors.ts';
import type { Call, Operation, Operations } from './operations.ts';
import { NS, noEntity, SoapFault } from './soap.ts';
import type { DoorOptions } from './types.ts';
import { escapeXml, textAt } from './xml.ts';

/** What commands lead to, and from which modes they are allowed (door control specification clause 5.3). */
const COMMANDS: Readonly<Record<string, { to: DoorMode; onlyFrom?: DoorMode }>> = {
  LockDoor: { to: 'Locked' },
  UnlockDoor: { to: 'Unlocked' },
  BlockDoor: { to: 'Blocked' },
  DoubleLockDoor: { to: 'DoubleLocked' },
  LockDownDoor: { to: 'LockedDown' },
  LockDownReleaseDoor: { to: 'Locked', onlyFrom: 'LockedDown' },
  LockOpenDoor: { to: 'LockedOpen' },
  LockOpenReleaseDoor: { to: 'Locked', onlyFrom: 'LockedOpen' },
};
/** A door so held obeys nothing but its release. */
const HELD: ReadonlySet<DoorMode> = new Set(['LockedDown', 'LockedOpen']);

/** Doors (ONVIF door control specification). */
export const doorOperations: Operations = {
  [`${NS.tdc}/GetServiceCapabilities`]: () =>
    '<tdc:GetServiceCapabilitiesResponse><tdc:Capabilities MaxLimit="100" MaxDoors="100"/></tdc:GetServiceCapabilitiesResponse>',

  [`${NS.tdc}/GetDoorInfoList`]: ({ camera }) =>
    `<tdc:GetDoorInfoListResponse>${camera.options.doors.map(doorInfo).join('')}</tdc:GetDoorInfoListResponse>`,

  [`${NS.tdc}/GetDoorInfo`]: ({ camera, request }) => {
    const wanted = textAt(request, 'Token');
    const found = camera.options.doors.filter(({ token }) => token === wanted);
    return `<tdc:GetDoorInfoResponse>${found.map(doorInfo).join('')}</tdc:GetDoorInfoResponse>`;
  },

  [`${NS.tdc}/GetDoorState`]: (call) => {
    const door = doorOf(call, textAt(call.request, 'Token'));
    const lock = door.locked ? 'Locked' : 'Unlocked';
    return `<tdc:GetDoorStateResponse><tdc:DoorState><tdc:DoorPhysicalState>Closed</tdc:DoorPhysicalState><tdc:LockPhysicalState>${lock}</tdc:LockPhysicalState><tdc:Alarm>Normal</tdc:Alarm><tdc:DoorMode>${door.mode}</tdc:DoorMode></tdc:DoorState></tdc:GetDoorStateResponse>`;
  },

  [`${NS.tdc}/AccessDoor`]: (call) => {
    const door = obeyingDoor(call, 'AccessDoor');
    door.access(textAt(call.request, 'AccessTime'));
    return '<tdc:AccessDoorResponse/>';
  },

  ...Object.fromEntries(Object.keys(COMMANDS).map((name) => [`${NS.tdc}/${name}`, command(name)])),
};

function command(name: string): Operation {
  const { to, onlyFrom } = COMMANDS[name]!;
  return (call) => {
    obeyingDoor(call, name, onlyFrom).set(to);
    return `<tdc:${name}Response/>`;
  };
}

/** The door of a command, which is written down; refused in a mode that forbids it. */
function obeyingDoor(call: Call, name: string, onlyFrom?: DoorMode): Door {
  const door = doorOf(call, textAt(call.request, 'Token'));
  call.camera.command(name, { door: door.token });
  const allowed = onlyFrom === undefined ? !HELD.has(door.mode) : door.mode === onlyFrom;
  if (!allowed) {
    throw new SoapFault(
      'Receiver',
      ['ter:ActionFailed', 'ter:Failure'],
      `${name} is not allowed in mode ${door.mode}`,
    );
  }
  return door;
}

/** The device's door of that token. */
export function doorOf({ camera }: Call, token: string): Door {
  const door = camera.doors.find((candidate) => candidate.token === token);
  if (door === undefined) throw noEntity(`door: ${token}`);
  return door;
}

function doorInfo({ token, name }: Required<DoorOptions>): string {
  return `<tdc:DoorInfo token="${escapeXml(token)}"><tdc:Name>${escapeXml(name)}</tdc:Name><tdc:Description>${escapeXml(name)}</tdc:Description><tdc:Capabilities Access="true" Lock="true" Unlock="true" Block="true" DoubleLock="true" LockDown="true" LockOpen="true" DoorMonitor="true" LockMonitor="true" Alarm="true" Tamper="true"/></tdc:DoorInfo>`;
}
