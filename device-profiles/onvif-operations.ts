/**
 * Calls by which a device over ONVIF is told to do something, with what each must be given and what it may be (`?`): the
 * closed list that profiles choose from. Nothing here sets a device up, and nothing can make it forget its settings.
 */
export const onvifOperations = {
  /** Core, 8.5.6. `LogicalState`: active or inactive. */
  SetRelayOutputState: ['RelayOutputToken', 'LogicalState'],
  /** Door control, 5.3: momentary access. `AccessTime` is an xs:duration. */
  AccessDoor: ['Token', 'AccessTime?'],
  UnlockDoor: ['Token'],
  LockDoor: ['Token'],
  DoubleLockDoor: ['Token'],
  BlockDoor: ['Token'],
  LockDownDoor: ['Token'],
  LockDownReleaseDoor: ['Token'],
  LockOpenDoor: ['Token'],
  LockOpenReleaseDoor: ['Token'],
  /** Access control, 5.2. */
  EnableAccessPoint: ['Token'],
  DisableAccessPoint: ['Token'],
  /** PTZ, 5.4.3; the media profile is found by the gateway. */
  GotoPreset: ['PresetToken'],
  /** Core, 8.3.9. */
  SystemReboot: [],
} as const satisfies Record<string, readonly string[]>;

export type OnvifOperation = keyof typeof onvifOperations;

/** Names of all operations. */
export const onvifOperationNames = Object.keys(onvifOperations) as [OnvifOperation, ...OnvifOperation[]];

/** What is wrong with the names of what a call is given; undefined if nothing. */
export function operationFault(operation: OnvifOperation, given: readonly string[]): string | undefined {
  const known: readonly string[] = onvifOperations[operation];
  const names = known.map((name) => name.replace('?', ''));
  const missing = known.filter((name) => !name.endsWith('?') && !given.includes(name));
  const strange = given.filter((name) => !names.includes(name));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  if (strange.length === 0) return undefined;
  return `knows no ${strange.join(', ')}; it takes ${names.length === 0 ? 'nothing' : names.join(', ')}`;
}
